/** A request as a member of a page's room, for the time of one question. */
import { type PageName, roomIdOf } from '../../shared/names.ts'
import type { CloseCode } from '../../shared/protocol.ts'
import { type Caller, identityOf } from '../access.ts'
import type { Identity, Member } from '../room/member.ts'
import type { Room } from '../room/room.ts'
import type { Rooms } from '../room/rooms.ts'
import type { Reply } from '../room/sync.ts'

export abstract class Visitor<Answer> implements Member {
  /** Whoever may not write does not come so far, or offers nothing. */
  readonly barrier = null
  readonly state = { role: 'write', frozen: false } as const
  readonly isShown = false
  readonly identity: Identity | null
  readonly acknowledged = true
  readonly isFull = false
  readonly user: string | null
  /** What the room says in the end; rejects when it refuses. */
  readonly answer: Promise<Answer>
  protected resolve: (answer: Answer) => void = () => undefined
  protected reject: (error: Error) => void = () => undefined

  constructor(caller: Caller) {
    this.user = caller.user
    this.identity = identityOf(caller)
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    // It may fail before anybody waits.
    this.answer.catch(() => undefined)
  }

  abstract send(message: Reply, kind: 'sync' | 'presence' | 'control'): void
  abstract sendAll(messages: readonly Reply[]): void
  abstract close(code: CloseCode, text: string): void
}

/**
 * Brings a visitor into the room of a page until `ask` is done.
 * @throws PageDeleted, DatabaseError when the page cannot be loaded, what `ask` throws
 */
export const visit = async <Answer, Result>(
  rooms: Rooms,
  page: PageName,
  visitor: Visitor<Answer>,
  ask: (room: Room) => Promise<Result>,
): Promise<Result> => {
  const room = await rooms.join(roomIdOf(page), visitor)
  try {
    return await ask(room)
  } finally {
    room.leave(visitor, true)
  }
}
