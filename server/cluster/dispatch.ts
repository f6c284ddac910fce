/** Gives each connection to the worker that has its room, or answers it here where it asks for the whole. */
import type { Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import type { Counters } from '../ports.ts'
import { OVERALL } from './overall.ts'
import { highest } from './rendezvous.ts'
import type { Slot } from './slot.ts'
import { roomOf, targetOf } from './target.ts'

export interface DispatchParts {
  readonly slots: readonly Slot[]
  /** Answers what is asked of the whole. */
  readonly overall: HttpServer
  readonly counters: Counters
  /** Connections on their way to one worker, at most. */
  readonly maxUndelivered: number
}

const NOBODY = '{"type":"about:blank","title":"No worker can be reached now","status":503}'

export class Dispatch {
  readonly #parts: DispatchParts
  #turn = 0

  constructor(parts: DispatchParts) {
    this.#parts = parts
  }

  /** Takes a connection that nobody reads, with what was read of it. */
  give(socket: Socket, head: Buffer): void {
    const { overall, counters, maxUndelivered } = this.#parts
    const target = targetOf(head)
    if (target !== null && OVERALL.includes(target.split('?', 1)[0] as string)) {
      socket.unshift(head)
      overall.emit('connection', socket)
      return
    }
    const slot = this.#slotFor(target)
    if (slot !== undefined && slot.undelivered < maxUndelivered) return slot.give(socket, head)
    counters.count('connections_cut')
    socket.end(
      `HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Type: application/problem+json\r\nContent-Length: ${NOBODY.length}\r\n\r\n${NOBODY}`,
      () => socket.destroy(),
    )
  }

  /** The worker of the room; what is about no room goes round. */
  #slotFor(target: string | null): Slot | undefined {
    const live = this.#parts.slots.filter(({ isLive }) => isLive)
    const room = target === null ? null : roomOf(target)
    if (room === null) return live[this.#turn++ % live.length]
    const name = highest(
      room,
      live.map((slot) => slot.name),
    )
    return live.find((slot) => slot.name === name)
  }
}
