/** Stock y-websocket clients of every version people use, unmodified. */
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { Awareness } from 'y-protocols/awareness'
import { WebsocketProvider as Provider3 } from 'y-websocket'
import { WebsocketProvider as Provider1 } from 'y-websocket1'
import { WebsocketProvider as Provider2 } from 'y-websocket2'
import * as Y from 'yjs'
import { Message, Sync, syncMessage } from '../../shared/protocol.ts'
import { until } from './until.ts'

const PROVIDERS = { '3.x': Provider3, '2.x': Provider2, '1.x': Provider1 }
export type StockVersion = keyof typeof PROVIDERS
export const stockVersions = Object.keys(PROVIDERS) as StockVersion[]

export interface StockClient {
  readonly doc: Y.Doc
  readonly awareness: Awareness
  readonly version: StockVersion
  /** The socket in use, if there is one. */
  readonly socket: WebSocket | null
  readonly isSynced: boolean
  connect(): void
  disconnect(): void
  destroy(): void
  /** Resolves once it is synced. @throws Error when it never is */
  synced(): Promise<void>
  /** Resolves once all that it sent is committed, as it learns by asking with a step 1. */
  committed(withinMs?: number): Promise<void>
}

export interface StockOptions {
  readonly version?: StockVersion
  readonly doc?: Y.Doc
  readonly params?: Record<string, string>
  readonly WebSocketPolyfill?: new (address: string | URL, protocols?: string | string[]) => WebSocket
}

/** Connects a stock client to `room` of the service at `collab`; gone when the test ends. */
export const stockClient = (collab: string, room: string, options: StockOptions = {}): StockClient => {
  const { version = '3.x', doc = new Y.Doc(), params = {} } = options
  const Polyfill = (options.WebSocketPolyfill ?? WebSocket) as unknown as typeof globalThis.WebSocket
  const provider = new PROVIDERS[version](collab, room, doc, { params, WebSocketPolyfill: Polyfill, disableBc: true })
  let isDestroyed = false
  const destroy = () => {
    if (isDestroyed) return
    isDestroyed = true
    provider.destroy()
    // 1.x and 2.x leave their awareness timer running.
    provider.awareness.destroy()
  }
  onTestFinished(destroy)
  return {
    doc,
    version,
    awareness: provider.awareness,
    get socket() {
      return provider.ws as unknown as WebSocket | null
    },
    get isSynced() {
      return provider.synced
    },
    connect: () => provider.connect(),
    disconnect: () => {
      swallowErrors(provider.ws as unknown as WebSocket | null)
      provider.disconnect()
    },
    destroy,
    synced: async () => {
      await until(`a ${version} client to be synced with ${room}`, () => provider.synced)
    },
    committed: async (withinMs = 60_000) => {
      let isAnswered = false
      const socket = provider.ws as unknown as WebSocket
      socket.addEventListener('message', ({ data }) => {
        const [type, kind] = new Uint8Array(data as ArrayBuffer)
        if (type === Message.sync && kind === Sync.step2) isAnswered = true
      })
      socket.send(syncMessage(Sync.step1, Y.encodeStateVector(doc)))
      await until(`the edits of ${room} to be committed`, () => isAnswered, { withinMs })
    },
  }
}

/** 1.x and 2.x leave a socket that is still connecting without a handler for the error of its closing. */
const swallowErrors = (socket: WebSocket | null): void => {
  socket?.on('error', () => socket.terminate())
}

/** What a client sees that comes to the page for the first time. */
export const readAfresh = async (collab: string, room: string): Promise<Y.Doc> => {
  const client = stockClient(collab, room)
  await client.synced()
  client.destroy()
  return client.doc
}
