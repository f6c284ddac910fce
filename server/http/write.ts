/** An update that comes by HTTP: a member of the page's room for the time of one message. */
import * as decoding from 'lib0/decoding'
import { type PageName, roomIdOf } from '../../shared/names.ts'
import { type CloseCode, Message } from '../../shared/protocol.ts'
import { type Caller, identityOf } from '../access.ts'
import type { Identity, Member } from '../room/member.ts'
import { PageDeleted, type Rooms } from '../room/rooms.ts'
import type { Reply } from '../room/sync.ts'
import { Problem } from './problem.ts'

/** How the room refuses, as HTTP says it. */
const REFUSALS: Readonly<Record<string, number>> = { invalid: 422, gap: 409, 'too-large': 413, deleted: 410, rate: 503 }

/**
 * Writes one update as any edit is written: validated, relayed, committed.
 * @returns the page's seq with it
 * @throws Problem when it is refused, DatabaseError when the page cannot be loaded
 */
export const writeUpdate = async (
  rooms: Rooms,
  page: PageName,
  caller: Caller,
  update: Uint8Array,
): Promise<number> => {
  const member = new OneMessage(caller)
  const room = await rooms.join(roomIdOf(page), member).catch((error: unknown) => {
    throw error instanceof PageDeleted ? new Problem(410, 'Deleted', error.message) : error
  })
  try {
    room.receive(member, 'live', update)
    await member.settled
    return room.seq
  } finally {
    room.leave(member, true)
  }
}

class OneMessage implements Member {
  /** Whoever may not write does not come so far. */
  readonly barrier = null
  readonly state = { role: 'write', frozen: false } as const
  readonly isShown = false
  readonly identity: Identity | null
  readonly acknowledged = true
  readonly isFull = false
  readonly user: string | null
  /** Resolves once the message is committed, rejects when it is refused. */
  readonly settled: Promise<void>
  #resolve: () => void = () => undefined
  #reject: (problem: Problem) => void = () => undefined

  constructor(caller: Caller) {
    this.user = caller.user
    this.identity = identityOf(caller)
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // It may be refused before anybody waits.
    this.settled.catch(() => undefined)
  }

  send(message: Reply, kind: 'sync' | 'presence' | 'control'): void {
    if (kind !== 'control' || !(message instanceof Uint8Array)) return
    const decoder = decoding.createDecoder(message)
    const type = decoding.readVarUint(decoder)
    if (type === Message.saved) this.#resolve()
    if (type !== Message.refused) return
    decoding.readVarUint(decoder)
    const code = decoding.readVarString(decoder)
    this.#reject(new Problem(REFUSALS[code] ?? 403, 'Update refused', `${code}: ${decoding.readVarString(decoder)}`))
  }

  /** What the page holds is not asked for. */
  sendAll(): void {}

  close(code: CloseCode, text: string): void {
    this.#reject(new Problem(code === 4404 ? 410 : 503, 'Not stored', text))
  }
}
