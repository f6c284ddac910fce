/** What members write, on its way in: checked, gathered for the log and for the readers, or refused. */
import type { Part } from '../log/port.ts'
import type { Clock, Counters, Logger } from '../ports.ts'
import type { Commits } from './commits.ts'
import type { Company } from './company.ts'
import type { Content, Taken } from './content.ts'
import type { Barrier, Member, Membership } from './member.ts'
import type { Owners } from './owners.ts'
import type { Presence } from './presence.ts'
import type { Reached } from './reach.ts'
import { Refusals } from './refusals.ts'
import type { Relay } from './relay.ts'

/** How an update came: as an answer to a step 1, or as it was typed. */
export type Kind = 'step2' | 'live'

export interface IntakeParts {
  readonly clock: Clock
  readonly counters: Counters
  readonly logger: Logger
  readonly settings: { readonly maxPageBytes: number }
}

/** The room that takes updates in. */
export interface Receiving {
  readonly roomId: string
  /** The member as the room keeps it; undefined: it has left. */
  membershipOf(member: Member): Membership | undefined
  /** Asks a member for what it has. */
  ask(member: Member): void
  /** Settles message `n` once what the room holds now is committed. */
  settleLater(membership: Membership, n: number): void
  /** Something was taken in. */
  changed(): void
}

/** What of the room an update goes through. */
export interface Ways {
  readonly content: Content
  readonly commits: Commits
  readonly owners: Owners<Member>
  readonly presence: Pick<Presence<Member>, 'bind'>
  readonly relay: Relay
  readonly company: Company
}

export class Intake {
  readonly #room: Receiving
  readonly #ways: Ways
  readonly #parts: IntakeParts
  /** Made at first need: most rooms refuse nothing. */
  #madeRefusals: Refusals | null = null

  constructor(room: Receiving, ways: Ways, parts: IntakeParts) {
    this.#room = room
    this.#ways = ways
    this.#parts = parts
  }

  /** Takes a sync message of kind 1 (step 2) or 2 (live update). */
  receive(membership: Membership, kind: Kind, update: Uint8Array): void {
    const { commits, company, content, owners, relay } = this.#ways
    const { counters, settings } = this.#parts
    const { member } = membership
    const n = membership.number()
    counters.count('updates_received')
    if (member.barrier !== null) return this.#receiveBarred(membership, n, kind, update, member.barrier)
    if (content.bytes + update.length > settings.maxPageBytes && this.#grows(kind, update))
      return this.#refusals.page(membership, n)
    const bringer = owners.bringer(member)
    const wasGathering = content.isGathering
    const taken = content.take(update, kind, bringer, relay.before, company.untold())
    commits.tellUnsaved()
    switch (taken.kind) {
      case 'invalid':
        return this.#refusals.invalid(membership, n, taken.reason)
      case 'gap':
        return this.#refusals.gap(membership, n)
      case 'owner':
        return this.#refusals.owner(membership, n, taken.barred)
      case 'nothing':
        counters.count('updates_known')
        membership.addedNothing()
        break
      case 'new':
        commits.took(!wasGathering)
        this.#took(membership, kind, taken)
        break
      default:
        taken satisfies never
    }
    if (taken.barred !== undefined) this.#refusals.owner(membership, n, taken.barred)
    else if (taken.gap) this.#refusals.partly(membership, n, 'a part of it depends on what the page does not hold')
    else this.#room.settleLater(membership, n)
  }

  /** A message that is too large to be looked at. */
  refuseTooLarge(membership: Membership, reason: string): void {
    this.#refusals.message(membership, membership.number(), reason)
  }

  /** Takes what members elsewhere wrote, which may not be committed yet: relayed at once, durable once the log says so. */
  hear(parts: readonly Part[]): void {
    const { commits, content, relay } = this.#ways
    const fresh = content.takeHeard(parts, commits.mark + 1, this.#parts.clock.now(), relay.before)
    if (fresh === null) return
    commits.tellUnsaved()
    commits.took(false)
    relay.push(fresh, null)
    this.#room.changed()
  }

  get #refusals(): Refusals {
    this.#madeRefusals ??= new Refusals(this.#room, this.#ways.owners, this.#parts)
    return this.#madeRefusals
  }

  #took(membership: Membership, kind: Kind, taken: Taken & { readonly kind: 'new' }): void {
    this.#parts.counters.count('updates_stored')
    membership.addedSomething()
    this.#ways.relay.push(taken, membership)
    if (kind === 'live') this.#bind(membership.member, taken.taken)
    this.#room.changed()
  }

  #bind(member: Member, taken: readonly Reached[]): void {
    const { owners, presence } = this.#ways
    for (const { run } of taken) if (owners.isHeldBy(member, run.client)) presence.bind(member, run.client)
  }

  /** Whether an update adds more than deletes: those are how a page becomes smaller. */
  #grows(kind: Kind, update: Uint8Array): boolean {
    const admission = this.#ways.content.weigh(update, kind)
    return admission.kind === 'new' && admission.taken.length > 0
  }

  /** From whoever may not write, what adds something is dropped, and the socket lives: readers clean up what they read. */
  #receiveBarred(membership: Membership, n: number, kind: Kind, update: Uint8Array, barrier: Barrier): void {
    const admission = this.#ways.content.weigh(update, kind)
    if (admission.kind === 'invalid') return this.#refusals.invalid(membership, n, admission.reason)
    if (admission.kind === 'nothing' && !admission.gap) return this.#room.settleLater(membership, n)
    this.#refusals.barred(membership, n, barrier)
  }
}
