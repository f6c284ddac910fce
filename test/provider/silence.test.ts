/** A service that takes a request for a story and does not end its answer. */
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { openStory } from '../../shared/provider/story.ts'
import { type Fetch, syncStory } from '../../shared/provider/sync-story.ts'
import { memoryStore } from '../support/key-values.ts'
import { openSocket } from '../support/provider.ts'
import { until } from '../support/until.ts'

const SILENCE_MS = 200
const SAID = 'nothing was heard of the service for 0.2 s'
/** What a request waits for that a proxy or a phone has lost. */
const NEVER: Fetch = () => new Promise(() => undefined)

const doc = new Y.Doc()
doc.getText('text').insert(0, 'once')
const update = Buffer.from(Y.encodeStateAsUpdate(doc)).toString('base64')
const ANSWER = JSON.stringify({ cursor: null, more: false, pages: { p: { seq: 1, row: '0.1', update } } })

/** @returns where it is reached */
const serve = async (answer: RequestListener): Promise<string> => {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/collab`
}

const begin = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'application/json' })

const sync = (url: string, more: Partial<Parameters<typeof syncStory>[0]> = {}) =>
  syncStory({ fetch, store: memoryStore(), url, story: 's', silenceMs: SILENCE_MS, ...more })

describe('a request for a story', { timeout: 30_000 }, () => {
  it('is given up when no answer begins, and its connection is let go', async () => {
    let ended = 0
    const url = await serve((request) => request.socket.on('close', () => ended++))
    await expect(sync(url)).rejects.toThrow(SAID)
    await until('its connection to end', () => ended === 1)
  })

  it('is given up when its answer stalls', async () => {
    const url = await serve((_, response) => void begin(response).write(ANSWER.slice(0, 20)))
    await expect(sync(url)).rejects.toThrow(SAID)
  })

  it('is given up though it heeds no signal', async () => {
    await expect(sync('ws://127.0.0.1:9/collab', { fetch: NEVER })).rejects.toThrow(SAID)
  })

  it('is waited for while its answer comes on, however long that takes', async () => {
    const waits = new Set<{ readonly ms: number; readonly task: () => void }>()
    let begun = 0
    // Time goes on when the test says so.
    const after = (ms: number, task: () => void) => {
      const wait = { ms, task }
      waits.add(wait)
      begun++
      return () => waits.delete(wait)
    }
    let answering: ServerResponse | null = null
    const url = await serve((_, response) => {
      answering = begin(response)
      answering.write(' ')
    })
    const synced = sync(url, { silenceMs: 30_000, ports: { after: after as never } })
    for (const [at, letter] of [...ANSWER].entries()) {
      // One wait for the answer, and a fresh one for each piece that came.
      await until('the piece to be read', () => begun >= at + 3)
      expect([...waits].map(({ ms }) => ms)).toEqual([30_000])
      ;(answering as ServerResponse | null)?.write(letter)
    }
    ;(answering as ServerResponse | null)?.end()
    expect(await synced).toEqual({ synced: ['p'], faults: {} })
    expect(waits.size).toBe(0)
  })
})

it('a story says that a request was given up, and syncs the next time', { timeout: 30_000 }, async () => {
  let isSilent = true
  const url = await serve((_, response) => {
    if (!isSilent) begin(response).end(ANSWER)
  })
  const story = openStory({ url, story: 's', store: memoryStore(), silenceMs: SILENCE_MS, ports: { openSocket } })
  onTestFinished(() => story.destroy())
  const syncing = story.sync()
  expect(story.state.isSyncing).toBe(true)
  await expect(syncing).rejects.toThrow(SAID)
  expect(story.state).toMatchObject({ isSyncing: false, fault: SAID })
  isSilent = false
  expect(await story.sync()).toEqual({ synced: ['p'], faults: {} })
  expect(story.state).toMatchObject({ isSyncing: false, fault: null })
})
