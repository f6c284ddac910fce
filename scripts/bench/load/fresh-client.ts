/** A real client that was never there before: what it reads is what the service holds. */
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { ROOT } from './typing.ts'

const PATIENCE_MS = 20_000

/** The text of a room as a stock client reads it once it says that it is synced. @throws Error when it never is */
export const readAfresh = async (base: string, room: string): Promise<string> => {
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
