/** How long an edit takes from a client of one process to a client of another. */
import { performance } from 'node:perf_hooks'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { Histogram } from '../load/histogram.ts'

export interface Crossing {
  readonly pages: number
  /** Edits a second on each page. */
  readonly rate: number
  readonly seconds: number
}

const TEXT = 'body'
const PATIENCE_MS = 60_000

interface Client {
  readonly doc: Y.Doc
  readonly provider: WebsocketProvider
}

/**
 * Types on pages, each with its writer at one process and its reader at another.
 * @returns milliseconds from the key to the reader's document @throws Error when an edit does not arrive
 */
export const measureCrossing = async (
  [from, to]: readonly [string, string],
  { pages, rate, seconds }: Crossing,
): Promise<Histogram> => {
  const histogram = new Histogram()
  // Each provider listens for the end of the process.
  process.setMaxListeners(0)
  const all = Array.from({ length: pages }, (_, page) => openPage(from, to, `story/crossing-${page}`, histogram))
  try {
    await until('all clients to be synced', () =>
      all.every(({ writer, reader }) => writer.provider.synced && reader.provider.synced),
    )
    // The processes have to learn that they share these pages.
    await typeOn(all, { pages, rate, seconds: 2 })
    histogram.clear()
    await typeOn(all, { pages, rate, seconds })
    return histogram
  } finally {
    for (const { writer, reader } of all) for (const client of [writer, reader]) disconnect(client)
  }
}

type Page = ReturnType<typeof openPage>

const openPage = (from: string, to: string, room: string, histogram: Histogram) => {
  const typedAt: number[] = []
  const writer = connect(from, room)
  const reader = connect(to, room)
  let read = 0
  reader.doc.on('update', () => {
    const now = performance.now()
    const { length } = reader.doc.getText(TEXT)
    for (; read < length; read++) histogram.add(now - (typedAt[read] ?? now))
  })
  const type = () => {
    typedAt.push(performance.now())
    const text = writer.doc.getText(TEXT)
    text.insert(text.length, 'x')
  }
  return { writer, reader, type, hasAll: () => read === typedAt.length }
}

const connect = (base: string, room: string): Client => {
  const doc = new Y.Doc()
  const WebSocketPolyfill = WebSocket as unknown as typeof globalThis.WebSocket
  const provider = new WebsocketProvider(base, room, doc, { WebSocketPolyfill, disableBc: true })
  return { doc, provider }
}

/** Its document goes too, and with it the timer of its awareness. */
const disconnect = ({ doc, provider }: Client): void => {
  provider.destroy()
  doc.destroy()
}

/** People do not type in step: the pages take turns within each interval. */
const typeOn = async (all: readonly Page[], { rate, seconds }: Crossing): Promise<void> => {
  const gapMs = 1000 / (rate * all.length)
  const begun = performance.now()
  const count = Math.ceil(rate * seconds * all.length)
  for (let n = 0; n < count; n++) {
    const wait = begun + n * gapMs - performance.now()
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait))
    all[n % all.length]?.type()
  }
  await until('every edit to arrive', () => all.every(({ hasAll }) => hasAll()))
}

const until = async (what: string, check: () => boolean): Promise<void> => {
  const deadline = performance.now() + PATIENCE_MS
  while (!check()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
