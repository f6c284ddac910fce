/** A real client that was never there before: what it reads is what the server holds. */
import { spawn } from 'node:child_process'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import type { Endpoint } from '../targets/target.ts'
import { inParallel } from './parallel.ts'
import { ROOT } from './typing.ts'

const PATIENCE_MS = 60_000
// Each provider listens for the end of the process; Node warns from 11 on.
const AT_ONCE = 8

export interface Expected {
  readonly room: string
  text(): string
}

/**
 * Has fresh clients read rooms: stock y-websocket, or the client that the server itself brings.
 * @throws Error when one reads anything but the text expected
 */
export const checkAfresh = async (endpoint: Endpoint, rooms: readonly Expected[]): Promise<void> => {
  const read = endpoint.client === null ? null : await readWithOwnClient(endpoint, endpoint.client, rooms)
  await inParallel(rooms.length, AT_ONCE, async (index) => {
    const expected = rooms[index]
    if (expected === undefined) return
    const text = read === null ? await readAfresh(endpoint.base, expected.room) : (read[index] ?? '')
    mustEqual(expected.room, text, expected.text())
  })
}

/** @throws Error when the texts differ */
export const mustEqual = (room: string, read: string, typed: string): void => {
  if (read === typed) return
  throw new Error(`${room}: a fresh client reads ${read.length} characters that differ from the ${typed.length} typed`)
}

/** The text of a room as a stock client reads it once it says that it is synced. @throws Error when it never is */
const readAfresh = async (base: string, room: string): Promise<string> => {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(base, room, doc, {
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    disableBc: true,
  })
  try {
    await synced(provider, room)
    return doc.getText(ROOT).toString()
  } finally {
    provider.destroy()
    doc.destroy()
  }
}

const synced = (provider: WebsocketProvider, room: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${room}: a fresh client is not synced`)), PATIENCE_MS)
    provider.once('sync', () => {
      clearTimeout(timer)
      resolve()
    })
  })

/** Asks a program: the address as its argument, rooms as JSON on stdin, their texts as JSON on stdout. */
const readWithOwnClient = async (
  { base }: Endpoint,
  client: readonly string[],
  rooms: readonly Expected[],
): Promise<readonly string[]> => {
  const [file = '', ...args] = client
  const child = spawn(file, [...args, base, ROOT], { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  child.stdin.end(JSON.stringify(rooms.map(({ room }) => room)))
  const pieces: Buffer[] = []
  for await (const piece of child.stdout) pieces.push(piece as Buffer)
  const code = await gone
  if (code !== 0) throw new Error(`the fresh client ended with exit code ${code}`)
  return JSON.parse(Buffer.concat(pieces).toString()) as string[]
}
