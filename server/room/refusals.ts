/** What a member is told whose message was not stored, and what a refusal leads to: a question, or the end of the socket. */
import { Close, type RefusalCode } from '../../shared/protocol.ts'
import type { Clock, Counters, Logger } from '../ports.ts'
import type { Barrier, Member, Membership } from './member.ts'
import type { Owners } from './owners.ts'

export interface RefusalParts {
  readonly clock: Clock
  readonly counters: Counters
  readonly logger: Logger
  readonly settings: { readonly maxPageBytes: number }
}

/** The room that refuses. */
export interface Refusing {
  readonly roomId: string
  /** Asks a member for what it has. */
  ask(member: Member): void
  /** The member as the room keeps it; undefined: it has left. */
  membershipOf(member: Member): Membership | undefined
  /** Settles message `n` once what the room holds now is committed. */
  settleLater(membership: Membership, n: number): void
}

/** Each refuses message `n` of a member. Stock clients are told by the close of their socket, or not at all. */
export class Refusals {
  readonly #room: Refusing
  readonly #owners: Pick<Owners<Member>, 'holders'>
  readonly #parts: RefusalParts

  constructor(room: Refusing, owners: Pick<Owners<Member>, 'holders'>, parts: RefusalParts) {
    this.#room = room
    this.#owners = owners
    this.#parts = parts
  }

  /** No update that Yjs could read, or that a page may hold. */
  invalid(membership: Membership, n: number, reason: string): void {
    const { member } = membership
    membership.poisoned = true
    this.#refuse(membership, n, 'invalid', reason)
    if (!member.acknowledged) member.close(Close.badMessage, `update refused: ${reason}`)
  }

  /** All of it depends on what the page does not hold: it is asked for, unless that brought nothing before. */
  gap(membership: Membership, n: number): void {
    if (membership.poisoned) return this.#refuse(membership, n, 'stuck', 'it depends on a message that was refused')
    this.partly(membership, n, 'it depends on what the page does not hold')
    if (membership.mayAsk(this.#parts.clock.now())) this.#room.ask(membership.member)
  }

  /** A part of it was taken. */
  partly(membership: Membership, n: number, reason: string): void {
    this.#refuse(membership, n, 'gap', reason)
  }

  /** What is somebody's who is here is theirs to bring. */
  owner(membership: Membership, n: number, clients: readonly number[]): void {
    const { counters, clock } = this.#parts
    counters.count('updates_foreign')
    this.#refuse(membership, n, 'owner', 'it was written under the clientID of somebody else who is here')
    const now = clock.now()
    for (const owner of new Set(clients.flatMap((client) => this.#owners.holders(client)))) {
      if (this.#room.membershipOf(owner)?.mayAsk(now)) this.#room.ask(owner)
    }
  }

  /** The page would grow beyond its limit. */
  page(membership: Membership, n: number): void {
    this.#parts.counters.count('limit_page_bytes')
    this.#large(membership, n, `a page may have ${this.#parts.settings.maxPageBytes} bytes`)
  }

  /** The message is too large to be looked at. */
  message(membership: Membership, n: number, reason: string): void {
    this.#parts.counters.count('limit_message_bytes')
    this.#large(membership, n, reason)
  }

  /** The member may not write now; its socket lives. */
  barred(membership: Membership, n: number, { code, reason }: Barrier): void {
    this.#parts.counters.count('updates_barred')
    this.#refuse(membership, n, code, reason)
  }

  #large(membership: Membership, n: number, reason: string): void {
    this.#refuse(membership, n, 'too-large', reason)
    if (!membership.member.acknowledged) membership.member.close(Close.tooLarge, reason)
  }

  #refuse(membership: Membership, n: number, code: RefusalCode, reason: string): void {
    const { counters, logger } = this.#parts
    counters.count('updates_refused')
    logger.debug({ room: this.#room.roomId, code, reason }, 'update refused')
    membership.refuse(n, code, reason)
    this.#room.settleLater(membership, n)
  }
}
