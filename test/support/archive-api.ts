/** The HTTP API of a service, as an app calls it. */
import { onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { startService } from './service.ts'
import type { StoreKind } from './stores.ts'

export interface Answer<T = unknown> {
  readonly status: number
  readonly type: string
  readonly headers: Headers
  /** The body as JSON where it is that, else as text. */
  readonly body: T
}

export interface AskOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Asks `method path` below /api/v1 of the service at `address`. */
export const askAt =
  (address: string) =>
  // biome-ignore lint/suspicious/noExplicitAny: a test says by what it expects what an answer holds
  async <T = any>(request: string, { body, headers = {} }: AskOptions = {}): Promise<Answer<T>> => {
    const [method = '', path = ''] = request.split(' ')
    const isBytes = body instanceof Uint8Array
    const answer = await fetch(`${address}/api/v1${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isBytes ? body.slice() : JSON.stringify(body) }),
    })
    const type = answer.headers.get('content-type') ?? ''
    const text = await answer.text()
    return {
      status: answer.status,
      type,
      headers: answer.headers,
      body: type.includes('json') ? JSON.parse(text) : text,
    }
  }

export type Ask = ReturnType<typeof askAt>

/** Starts a service over a store of its own, stopped when the test ends. */
export const startApi = async (
  kind: StoreKind,
): Promise<{ readonly ask: Ask; readonly address: string; readonly collab: string }> => {
  const service = await startService((await kind.open()).env)
  onTestFinished(() => service.stop())
  return { ask: askAt(service.address), address: service.address, collab: service.collab }
}

/** The page as a client that reads it once sees it. */
export const pageAt = async (address: string, path: string): Promise<Y.Doc> => {
  const answer = await fetch(`${address}/api/v1${path}`)
  if (answer.status !== 200) throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`)
  const doc = new Y.Doc()
  Y.applyUpdate(doc, new Uint8Array(await answer.arrayBuffer()))
  return doc
}

/** One edit as an update. */
export const updateOf = (change: (doc: Y.Doc) => void, doc = new Y.Doc()): Uint8Array => {
  const before = Y.encodeStateVector(doc)
  doc.transact(() => change(doc))
  return Y.encodeStateAsUpdate(doc, before)
}
