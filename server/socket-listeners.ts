/**
 * What a socket listens to, by listeners that all sockets share: with its own ones, most of what an idle socket keeps would
 * be closures.
 */
import type { Socket as NetSocket } from 'node:net'
import type { WebSocket } from 'ws'

export interface Listener {
  /** A whole frame. */
  message(data: Buffer, isBinary: boolean): void
  pong(): void
  /** So many bytes came, before they are read. */
  bytes(count: number): void
  /** All that was written has left. */
  drain(): void
}

const LISTENER = Symbol('listener')

interface Heard {
  [LISTENER]?: Listener
}

function onMessage(this: WebSocket, data: Buffer, isBinary: boolean): void {
  ;(this as Heard)[LISTENER]?.message(data, isBinary)
}

function onPong(this: WebSocket): void {
  ;(this as Heard)[LISTENER]?.pong()
}

function onData(this: NetSocket, chunk: Buffer): void {
  ;(this as Heard)[LISTENER]?.bytes(chunk.length)
}

function onDrain(this: NetSocket): void {
  ;(this as Heard)[LISTENER]?.drain()
}

/** Tells `listener` what comes from now on. */
export const listen = (ws: WebSocket, net: NetSocket, listener: Listener): void => {
  ;(ws as Heard)[LISTENER] = listener
  ;(net as Heard)[LISTENER] = listener
  ws.on('message', onMessage)
  ws.on('pong', onPong)
  // Before ws reads it, which may make a frame whole.
  net.prependListener('data', onData)
  net.on('drain', onDrain)
}

/** Of its connection it is told nothing any more; frames that were read already may still come. */
export const listenNoMore = (net: NetSocket): void => {
  net.off('data', onData)
  net.off('drain', onDrain)
}
