/** A whole story at hand: pages opened as needed, the others kept up to date, one token for all. */
import { describe, expect, it, onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { keyValue } from '../../shared/provider/key-value.ts'
import { pageUrl } from '../../shared/provider/page-url.ts'
import { shareToken } from '../../shared/provider/share-token.ts'
import { type OpenStoryOptions, openStory, type Story } from '../../shared/provider/story.ts'
import { call } from '../support/api.ts'
import { type MemoryStore, memoryStore } from '../support/key-values.ts'
import { openProvider, openSocket, untilSaved, untilSynced } from '../support/provider.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const NOWHERE = 'ws://127.0.0.1:9/collab'
const textOf = (doc: Y.Doc): string => doc.getText('text').toString()
const write = (doc: Y.Doc, words: string): void => doc.getText('text').insert(doc.getText('text').length, words)

const open = (options: Omit<OpenStoryOptions, 'story'>): Story => {
  const story = openStory({ story: 's1', ports: { openSocket }, ...options })
  onTestFinished(() => story.destroy())
  return story
}

const readKept = async (items: MemoryStore, url: string, page: string): Promise<string> => {
  const doc = new Y.Doc()
  const kept = keyValue(items)(pageUrl(url, 's1', page), doc, () => undefined)
  await kept.loaded
  await kept.close()
  return textOf(doc)
}

describe('a story', { timeout: 60_000 }, () => {
  it('is kept whole on the device, with sockets for its own document and the pages in use', async () => {
    const service = await startService({ ...(await anyPostgres().open()).env, ...TOKEN_ENV })
    const url = service.collab
    const token = await tokenOf('ana', { stories: { s1: 'manage' } })
    for (const page of ['p1', 'p2', 'p3']) {
      const author = openProvider(url, `s1/${page}`, { token })
      await untilSynced(author)
      write(author.doc, `written ${page}`)
      await untilSaved(author)
      await author.destroy()
    }

    const store = memoryStore()
    let asked = 0
    const story = open({
      url,
      store,
      warmPages: 1,
      token: () => {
        asked++
        return token
      },
    })
    await until('all pages to be on the device', () => story.state.last?.synced.length === 3)
    expect(story.state).toMatchObject({
      isSyncing: false,
      fault: null,
      last: { synced: ['p1', 'p2', 'p3'], faults: {} },
    })
    expect(await readKept(store, url, 'p3')).toBe('written p3')
    const people = async () => {
      const { body } = await call(service.address, 'GET', '/stories/s1', { token })
      return Object.fromEntries(
        (body.pages as { id: string; members: number }[]).map(({ id, members }) => [id, members]),
      )
    }
    expect(await people()).toMatchObject({ p1: 0, p2: 0, p3: 0 })

    const [one, two] = [story.open('p1'), story.open('p2')]
    expect(story.open('p1')).toBe(one)
    expect(story.open('_story')).toBe(story.outline)
    await Promise.all([one.whenLoaded, two.whenLoaded])
    expect(textOf(one.doc)).toBe('written p1')
    await Promise.all([untilSynced(one), untilSynced(two)])
    story.leave('p1')
    expect(one.state.connection).toBe('online')
    expect(story.open('p1')).toBe(one)
    story.leave('p1')
    story.leave('p2')
    expect(one.state.connection).toBe('offline')
    expect(two.state.connection).toBe('online')
    // Everything above went with one token.
    expect(asked).toBe(1)
  })

  it('brings pages that were begun without a network when it is there', async () => {
    const service = await startService((await anyPostgres().open()).env)
    const store = memoryStore()
    const away = open({ url: NOWHERE, store })
    const page = away.open('begun')
    await page.whenLoaded
    write(page.doc, 'words')
    await expect(away.sync()).rejects.toThrow()
    expect(away.state.fault).not.toBeNull()
    await away.destroy()
    // The same device, where the service is now.
    const moved = new Map(
      [...store.items].map(([key, text]) => [
        key.replace(NOWHERE, service.collab),
        text.replace(NOWHERE, service.collab),
      ]),
    )
    const story = open({ url: service.collab, store: memoryStore(moved) })
    story.open('begun')
    story.leave('begun')
    expect((await story.sync()).synced).toContain('begun')
    const other = openProvider(service.collab, 's1/begun')
    await until('the words', () => textOf(other.doc) === 'words')
  })
})

describe('a token that is shared', () => {
  it('is asked for once until it is about to end, and at once when it was refused', async () => {
    let time = 0
    const given: (string | undefined)[] = []
    const until = (exp: number) => `e30.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.x`
    const token = shareToken(
      (refused) => {
        given.push(refused)
        return until(1000 + given.length)
      },
      { time: () => time, after: () => () => undefined },
    )
    const [one, other] = await Promise.all([token(), token()])
    expect(other).toBe(one)
    expect(await token()).toBe(one)
    time = 900_000
    const second = await token()
    expect(second).not.toBe(one)
    // A socket that was opened with the first hears late that it is over.
    expect(await token(one)).toBe(second)
    expect(await token(second)).not.toBe(second)
    expect(given).toEqual([undefined, undefined, second])
  })

  it('is asked for again when it could not be had', async () => {
    const answers = [Promise.reject(new Error('away')), Promise.resolve('good')]
    const token = shareToken(() => answers.shift() ?? '', { time: () => 0, after: () => () => undefined })
    await expect(token()).rejects.toThrow('away')
    expect(await token()).toBe('good')
  })
})
