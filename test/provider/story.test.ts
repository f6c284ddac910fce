/** Whole stories without a socket: `POST sync`, and `syncStory` over it. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { keyValue } from '../../shared/provider/key-value.ts'
import { pageUrl } from '../../shared/provider/page-url.ts'
import { type Fetch, syncStory } from '../../shared/provider/sync-story.ts'
import { call } from '../support/api.ts'
import { type MemoryStore, memoryStore } from '../support/key-values.ts'
import { leaveOut } from '../support/left-out.ts'
import { openProvider, untilSaved, untilSynced } from '../support/provider.ts'
import { seededRandom } from '../support/random.ts'
import { AT_FULL_SPEED } from '../support/service.ts'
import { sharedService } from '../support/shared-service.ts'
import { isFull } from '../support/size.ts'
import { foldOf, rowsOf } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'

const PAGES = isFull ? 200 : 40
if (!isFull) leaveOut(`provider: syncStory of ${PAGES} pages instead of 200: npm run test:full`)
const textOf = (doc: Y.Doc): string => doc.getText('text').toString()
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const updateOf = (words: string): Uint8Array => {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, words)
  return Y.encodeStateAsUpdate(doc)
}
const NOTHING = base64(Uint8Array.of(0))

const shared = sharedService({ ...AT_FULL_SPEED, ...TOKEN_ENV })
let stories = 0

/** A story of its own. */
const start = async () => {
  const story = `s${++stories}`
  return { ...shared(), story, token: await tokenOf('ana', { stories: { [story]: 'write' } }) }
}

/** Writes on a device that has no network. */
const writeKept = async (
  items: MemoryStore,
  url: string,
  story: string,
  page: string,
  words: string,
): Promise<void> => {
  const doc = new Y.Doc()
  const kept = keyValue(items)(pageUrl(url, story, page), doc, () => undefined)
  await kept.loaded
  doc.getText('text').insert(doc.getText('text').length, words)
  await kept.close()
}

const readKept = async (items: MemoryStore, url: string, story: string, page: string): Promise<string> => {
  const doc = new Y.Doc()
  await keyValue(items)(pageUrl(url, story, page), doc, () => undefined).loaded
  return textOf(doc)
}

describe('POST sync', { timeout: 120_000 }, () => {
  it('answers after the commit, with what is lacking and pages that were not known, and twice is once', async () => {
    const { store, service, story, token } = await start()
    const update = base64(updateOf('once '))
    const body = { pages: { p1: { stateVector: NOTHING, update } } }
    const first = await call(service.address, 'POST', `/stories/${story}/sync`, { token, body })
    expect(first).toMatchObject({ status: 200, body: { cursor: null, more: false, pages: { p1: { seq: 1 } } } })
    expect(textOf(await foldOf(store, `${story}/p1`))).toBe('once ')
    await call(service.address, 'POST', `/stories/${story}/sync`, { token, body })
    expect(await rowsOf(store, `${story}/p1`)).toHaveLength(1)
    const other = await call(service.address, 'POST', `/stories/${story}/sync`, { token, body: { pages: {} } })
    const doc = new Y.Doc()
    Y.applyUpdate(doc, Buffer.from(other.body.pages.p1.update, 'base64'))
    expect(textOf(doc)).toBe('once ')
    const { row } = other.body.pages.p1
    const known = { stateVector: base64(Y.encodeStateVector(doc)), seq: 1, row }
    const same = await call(service.address, 'POST', `/stories/${story}/sync`, {
      token,
      body: { pages: { p1: known } },
    })
    expect(same.body.pages).toEqual({ p1: { seq: 1, row } })
  })

  it('tells page by page what is not allowed, unreadable or deleted, and takes the rest', async () => {
    const { service, story, token } = await start()
    const manager = await tokenOf('max', { stories: { [story]: 'manage' } })
    const narrow = await tokenOf('eve', { pages: { [`${story}/mine`]: 'write', [`${story}/read`]: 'read' } })
    const update = base64(updateOf('words'))
    const offered = { stateVector: NOTHING, update }
    const pages = { gone: offered, read: offered, hidden: offered }
    await call(service.address, 'POST', `/stories/${story}/sync`, { token, body: { pages } })
    await call(service.address, 'DELETE', `/stories/${story}/pages/gone`, { token: manager })
    const codes = async (asker: string, asked: Record<string, unknown>) => {
      const { status, body } = await call(service.address, 'POST', `/stories/${story}/sync`, {
        token: asker,
        body: { pages: asked },
      })
      expect(status).toBe(200)
      return Object.fromEntries(
        Object.entries(body.pages as Record<string, { error?: { code: string } }>).map(([page, told]) => [
          page,
          told.error?.code ?? 'taken',
        ]),
      )
    }
    const foreign = { ...offered, update: base64(updateOf('foreign')) }
    expect(await codes(narrow, { mine: foreign, read: foreign, hidden: foreign })).toEqual({
      mine: 'taken',
      read: 'read-only',
      hidden: 'not-found',
    })
    const bad = { stateVector: base64(Uint8Array.of(9)) }
    const broken = { ...offered, update: base64(Uint8Array.of(1, 2, 3)) }
    expect(await codes(token, { gone: offered, bad, broken, 'a/b': offered, good: offered })).toMatchObject({
      gone: 'deleted',
      bad: 'invalid',
      broken: 'invalid',
      'a/b': 'not-found',
      good: 'taken',
    })
    expect((await call(service.address, 'POST', `/stories/${story}/sync`, { body: { pages: {} } })).status).toBe(401)
  })

  it.runIf(isFull)('ends an answer at 8 MB, and goes on from its cursor', async () => {
    const { service, story, token } = await start()
    const large = updateOf('x'.repeat(2_500_000))
    for (const page of ['a', 'b', 'c']) {
      await call(service.address, 'POST', `/stories/${story}/sync`, {
        token,
        body: { pages: { [page]: { stateVector: NOTHING, update: base64(large) } } },
      })
    }
    const first = await call(service.address, 'POST', `/stories/${story}/sync`, { token, body: { pages: {} } })
    expect(first.body).toMatchObject({ cursor: 'b', more: true })
    expect(Object.keys(first.body.pages)).toEqual(['a', 'b'])
    expect(JSON.stringify(first.body).length).toBeLessThan(8_100_000)
    const items = memoryStore()
    const outcome = await syncStory({ fetch, store: items, token, url: service.collab, story })
    expect(outcome).toEqual({ synced: ['a', 'b', 'c'], faults: {} })
  })
})

describe('syncStory', { timeout: 120_000 }, () => {
  it(`brings ${PAGES} pages both ways in one request, and a provider opens them as saved`, async () => {
    const { store, service, story, token } = await start()
    const items = memoryStore()
    const names = Array.from({ length: PAGES }, (_, n) => `p${n}`).sort()
    for (const page of names) await writeKept(items, service.collab, story, page, `begun ${page} `)
    let requests = 0
    const counted: Fetch = (url, init) => {
      requests++
      return fetch(url, init)
    }
    const options = { fetch: counted, store: items, token, url: service.collab, story }
    expect(await syncStory({ ...options, pages: names })).toEqual({ synced: names, faults: {} })
    expect(requests).toBe(1)
    const there = openProvider(service.collab, `${story}/p1`, { token })
    await untilSynced(there)
    expect(textOf(there.doc)).toBe('begun p1 ')
    there.doc.getText('text').insert(0, 'here: ')
    await untilSaved(there)
    await writeKept(items, service.collab, story, 'p1', 'there')
    expect((await syncStory(options)).synced).toEqual(names)
    expect(await readKept(items, service.collab, story, 'p1')).toBe('here: begun p1 there')
    expect(textOf(await foldOf(store, `${story}/p1`))).toBe('here: begun p1 there')
    const kept = openProvider(service.collab, `${story}/p1`, { token, offline: keyValue(items), connect: false })
    await kept.whenLoaded
    expect(kept.state.saved.state).toBe('saved')
  })

  it('killed at any moment and repeated, applies everything once', async () => {
    const random = seededRandom()
    const { store, service, story, token } = await start()
    const items = memoryStore()
    const names = ['a', 'b', 'c']
    for (let run = 0; run < 12; run++) {
      for (const page of names) await writeKept(items, service.collab, story, page, `${run} `)
      const asked = random.below(3)
      // Before the service hears of it, after it did, or in the middle of its answer.
      const broken: Fetch = async (url, init) => {
        if (asked === 0) throw new Error('cut')
        const response = await fetch(url, init)
        if (asked === 1) throw new Error('cut')
        const answer = await response.text()
        return { ok: true, status: 200, json: async () => JSON.parse(answer.slice(0, random.below(answer.length))) }
      }
      const options = { store: items, token, url: service.collab, story, pages: names }
      await expect(syncStory({ ...options, fetch: broken })).rejects.toThrow()
      if (random.chance(0.5)) expect((await syncStory({ ...options, fetch })).synced).toEqual(names)
    }
    await syncStory({ fetch, store: items, token, url: service.collab, story, pages: names })
    const wanted = Array.from({ length: 12 }, (_, run) => `${run} `).join('')
    for (const page of names) {
      expect(await readKept(items, service.collab, story, page)).toBe(wanted)
      expect(textOf(await foldOf(store, `${story}/${page}`))).toBe(wanted)
    }
  })
})
