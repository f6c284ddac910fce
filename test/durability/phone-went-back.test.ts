/** Devices without a socket, when the database is put back in time and written on until it is as far as before. */
import { describe, expect, it, onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { keyValue } from '../../shared/provider/key-value.ts'
import { pageUrl } from '../../shared/provider/page-url.ts'
import { type Fetch, syncStory } from '../../shared/provider/sync-story.ts'
import { call } from '../support/api.ts'
import { memoryStore } from '../support/key-values.ts'
import { leaveOut } from '../support/left-out.ts'
import { createPostgres } from '../support/postgres.ts'
import { openProvider, openSocket, untilSaved, untilSynced } from '../support/provider.ts'
import { type Service, startService } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { foldOf, postgresStoreAt } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const STORY = 's'
const ROOM = `${STORY}/p`
/** Where pages are kept on a device, whatever port the service has. */
const KEPT_URL = 'ws://stories.example/collab'
const textOf = (doc: Y.Doc): string => doc.getText('text').toString()
type Role = 'read' | 'write'

/** A service on a database that can be put back, and devices that reach it by requests. */
const start = async () => {
  const postgres = await createPostgres()
  onTestFinished(postgres.remove)
  const store = postgresStoreAt(postgres.url)
  let service: Service = await startService({ ...store.env, ...TOKEN_ENV })
  const device = (user: string, role: Role = 'write') => {
    const items = memoryStore()
    const opened = async (change: (text: Y.Text) => void) => {
      const doc = new Y.Doc()
      const kept = keyValue(items)(pageUrl(KEPT_URL, STORY, 'p'), doc, () => undefined)
      await kept.loaded
      change(doc.getText('text'))
      await kept.close()
      return textOf(doc)
    }
    return {
      items,
      write: opened,
      read: () => opened(() => undefined),
      sync: async () => {
        const token = await tokenOf(user, { stories: { [STORY]: role } })
        const here: Fetch = (url, init) => fetch(url.replace('http://stories.example', service.address), init)
        const asked = { store: items, token, url: KEPT_URL, story: STORY, pages: ['p'] }
        const outcome = await syncStory({ fetch: here, ...asked })
        expect(outcome).toEqual({ synced: ['p'], faults: {} })
      },
    }
  }
  const ask = async (body: unknown) => {
    const token = await tokenOf('ana', { stories: { [STORY]: 'write' } })
    return (await call(service.address, 'POST', `/stories/${STORY}/sync`, { token, body })).body.pages.p
  }
  return {
    store,
    device,
    ask,
    /** @returns the status */
    post: async (update: Uint8Array) => {
      const token = await tokenOf('ana', { stories: { [STORY]: 'write' } })
      const { status } = await fetch(`${service.address}/api/v1/stories/${STORY}/pages/p/updates`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream', authorization: `Bearer ${token}` },
        body: update.slice(),
      })
      return status
    },
    collab: () => service.collab,
    keepCopy: async () => {
      await postgres.stop()
      const copy = await postgres.keepCopy()
      await postgres.start()
      return copy
    },
    goBack: async (copy: string, isRestarted: boolean) => {
      if (isRestarted) await service.stop()
      await postgres.stop()
      await postgres.putBack(copy)
      await postgres.start()
      if (isRestarted) service = await startService({ ...store.env, ...TOKEN_ENV })
    },
    stop: () => service.stop(),
  }
}

if (!isFull)
  leaveOut(
    'durability: a page that is behind what a device remembers, or past it, and one whose service runs on: npm run test:full',
  )

const end = (words: string) => (text: Y.Text) => text.insert(text.length, words)

describe.each([...(isFull ? [['running', false] as const] : []), ['restarted', true] as const])(
  'beneath a %s service',
  (_, isRestarted) => {
    // The page is behind what the device remembers, as far, and further.
    it.each(isFull ? [0, 1, 2] : [1])(
      'what a device wrote and deleted comes again, and it hears of %i edits that came since',
      {
        timeout: 120_000,
      },
      async (since) => {
        const world = await start()
        const [ana, ben, reader] = [world.device('ana'), world.device('ben'), world.device('eve', 'read')]
        await ana.write(end('once more '))
        await ana.sync()
        const copy = await world.keepCopy()
        await ana.write((text) => {
          text.delete(5, 5)
          text.insert(5, 'upon ')
        })
        await ana.sync()
        await reader.sync()
        await world.goBack(copy, isRestarted)
        for (let n = 0; n < since; n++) {
          await ben.write(end(`${n} `))
          await ben.sync()
        }
        await reader.sync()
        await ana.sync()
        const all = ['once ', 'upon ', ...Array.from({ length: since }, (_, n) => `${n} `)]
        const text = textOf(await foldOf(world.store, ROOM))
        for (const word of all) expect(text).toContain(word)
        expect(text).not.toContain('more')
        for (const device of [ana, ben, reader]) {
          await device.sync()
          expect(await device.read()).toBe(text)
        }
        await world.stop()
      },
    )
  },
)

it('an update that comes again by HTTP is answered when the database has it', { timeout: 120_000 }, async () => {
  const world = await start()
  const ana = world.device('ana')
  await ana.write(end('once '))
  await ana.sync()
  const copy = await world.keepCopy()
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'again ')
  const update = Y.encodeStateAsUpdate(doc)
  expect(await world.post(update)).toBe(200)
  await world.goBack(copy, false)
  await until('it to be taken', async () => (await world.post(update)) === 200)
  expect(textOf(await foldOf(world.store, ROOM))).toContain('again ')
  await world.stop()
})

it('what was written over a socket comes again by a request', { timeout: 120_000 }, async () => {
  const world = await start()
  const ana = world.device('ana')
  await ana.write(end('once '))
  await ana.sync()
  const copy = await world.keepCopy()
  const token = await tokenOf('ana', { stories: { [STORY]: 'write' } })
  const page = openProvider(KEPT_URL, ROOM, {
    token,
    offline: keyValue(ana.items),
    ports: { openSocket: (url, protocols) => openSocket(url.replace(KEPT_URL, world.collab()), protocols) },
  })
  await untilSynced(page)
  page.doc.getText('text').insert(5, 'upon ')
  await untilSaved(page)
  await page.destroy()
  await world.goBack(copy, true)
  await ana.sync()
  expect(textOf(await foldOf(world.store, ROOM))).toBe('once upon ')
  await world.stop()
})

it('a seq alone tells no row: whoever names no more is compared', { timeout: 120_000 }, async () => {
  const world = await start()
  const [ana, ben] = [world.device('ana'), world.device('ben')]
  await ana.write(end('once '))
  await ana.sync()
  const copy = await world.keepCopy()
  const doc = new Y.Doc()
  Y.applyUpdate(doc, Buffer.from((await world.ask({ pages: {} })).update, 'base64'))
  doc.getText('text').insert(5, 'lost ')
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  const stateVector = base64(Y.encodeStateVector(doc))
  const brought = { stateVector, update: base64(Y.encodeStateAsUpdate(doc)) }
  expect(await world.ask({ pages: { p: brought } })).toMatchObject({ seq: 2 })
  await world.goBack(copy, true)
  await ben.write(end('there '))
  await ben.sync()
  expect(await world.ask({ pages: { p: { stateVector, seq: 2 } } })).toMatchObject({ error: { code: 'gap' } })
  const answer = await world.ask({ pages: { p: brought } })
  expect(answer.seq).toBe(3)
  Y.applyUpdate(doc, Buffer.from(answer.update, 'base64'))
  expect(textOf(doc)).toBe(textOf(await foldOf(world.store, ROOM)))
  for (const word of ['once ', 'lost ', 'there ']) expect(textOf(doc)).toContain(word)
  await world.stop()
})
