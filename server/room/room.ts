/**
 * One page and the members who write it. An update goes one way: taken into the content, gathered for the log, relayed at
 * the end of the turn, acknowledged after its commit.
 */
import { awarenessMessage, Close, Sync, stateMessage, syncMessage } from '../../shared/protocol.ts'
import type { LoadedRoom, Part } from '../log/port.ts'
import type { Counters } from '../ports.ts'
import { Answers, type AnswersParts } from './answers.ts'
import { Commits, type CommitsParts, type Committing } from './commits.ts'
import { Company } from './company.ts'
import { Content } from './content.ts'
import type { Elsewhere } from './elsewhere.ts'
import { closeFor, type Ending } from './ending.ts'
import { figuresOf, type Person, peopleOf, type RoomFigures } from './figures.ts'
import { type FoldSettings, Follow } from './follow.ts'
import { type Barrier, type Member, Membership } from './member.ts'
import { Owners } from './owners.ts'
import { EMPTY_PRESENCE, Presence } from './presence.ts'
import type { Reached } from './reach.ts'
import { Refusals } from './refusals.ts'
import { Relay, type Relaying } from './relay.ts'
import { type Before, decodeStateVector, type StateVector } from './state-vector.ts'

export interface RoomSettings extends FoldSettings {
  /** Bytes of one client's presence. */
  readonly maxPresenceBytes: number
  /** Bytes of a page. */
  readonly maxPageBytes: number
}

export interface RoomParts extends CommitsParts, AnswersParts {
  readonly counters: Counters
  readonly settings: RoomSettings
  /** Told of each entry of presence that is refused. */
  readonly presenceDropped: () => void
  /** Other processes that may hold the page too. */
  readonly elsewhere: Elsewhere
  /** Told that the room can serve no longer; its members are closed by then. */
  readonly ended: (room: Room) => void
}

export class Room implements Committing, Relaying {
  readonly roomId: string
  readonly epoch: number
  /** When the last member left, by the clock; null while there is one. */
  idleSince: number | null
  /** The other processes that hold it. */
  readonly company: Company
  readonly #parts: RoomParts
  readonly #members = new Map<Member, Membership>()
  readonly #content: Content
  readonly #relay: Relay
  readonly #owners = new Owners<Member>(this)
  readonly #presence: Presence<Member>
  readonly #follow: Follow
  readonly #commits: Commits
  readonly #answers: Answers
  /** Made at first need: most rooms refuse nothing. */
  #madeRefusals: Refusals | null = null
  #turnDue = false
  #ended = false

  /** @throws Error when the loaded rows do not join on to one another */
  constructor(roomId: string, loaded: LoadedRoom, parts: RoomParts) {
    this.roomId = roomId
    this.epoch = loaded.epoch
    this.idleSince = parts.clock.now()
    this.#parts = parts
    this.#presence = new Presence(parts.settings.maxPresenceBytes, parts.presenceDropped, this.#owners)
    this.#relay = new Relay(this, this.#presence, parts)
    this.#content = new Content(loaded.dead === null ? undefined : decodeStateVector(loaded.dead))
    if (loaded.snapshot !== null) this.#content.hold(loaded.snapshot)
    this.#content.load(loaded.tail)
    this.company = new Company(this, this.#presence, parts)
    const content = this.#content
    this.#follow = new Follow(this, content, this.#relay, parts, loaded)
    this.#answers = new Answers(roomId, content, parts)
    this.#commits = new Commits(this, loaded.exists, content, this.#follow, parts)
    this.#follow.foldIfDue()
  }

  /** The highest seq known; nothing below it is unknown. */
  get seq(): number {
    return this.#follow.seq
  }

  get isSaved(): boolean {
    return this.#commits.isSaved
  }

  get isEnded(): boolean {
    return this.#ended
  }

  /** Whether other processes' writes are looked for: somebody is here to see them. */
  get isWatched(): boolean {
    return this.#members.size > 0 && !this.#ended
  }

  memberships(): Iterable<Membership> {
    return this.#members.values()
  }

  received(before: Before): StateVector {
    return this.#content.stateVectorBefore(before)
  }

  /** There is something to relay. */
  changed(): void {
    this.#endTurnLater()
  }

  /** How many are here. */
  get members(): number {
    return this.#members.size
  }

  /** Bytes of the page as held in memory. */
  get bytes(): number {
    return this.#content.bytes
  }

  /** How it stands, for operators. */
  get figures(): RoomFigures {
    return figuresOf(this, this.#content, this.#members.values())
  }

  /** Who is here. */
  get people(): Person[] {
    return peopleOf(this.#members.values())
  }

  /** Lets a member in: it is asked for what it has, told who is here and what it may do. */
  join(member: Member): void {
    this.#members.set(member, new Membership(member))
    this.idleSince = null
    const welcome = [syncMessage(Sync.step1, this.#content.stateVector())]
    const present = this.#presence.all()
    if (present !== null) welcome.push(awarenessMessage(present))
    if (member.acknowledged) welcome.push(this.#stateOf(member))
    member.sendAll(welcome)
  }

  /** @param clean whether the socket was closed by its client, not lost: a lost one may return */
  leave(member: Member, clean: boolean): void {
    if (!this.#members.delete(member)) return
    this.#owners.release(member)
    if (this.#members.size === 0) this.idleSince = this.#parts.clock.now()
    const orphans = this.#presence.unbind(member)
    if (orphans.length === 0) return
    if (clean) this.company.remove(orphans)
    else this.company.removeLater(orphans)
  }

  /** Answers a step 1, once all that this member sent before is committed or refused. @throws Error when it is malformed */
  step1(member: Member, stateVector: Uint8Array): void {
    const known = decodeStateVector(stateVector)
    if (this.#content.holdsDead(known)) return member.close(Close.replaced, 'what this copy holds was set aside')
    if (this.#membership(member).deferStep1(known, this.#commits.committed)) return
    this.#answers.answer(member, known)
  }

  /** Takes a sync message of kind 1 (step 2) or 2 (live update). */
  receive(member: Member, kind: 'step2' | 'live', update: Uint8Array): void {
    const membership = this.#membership(member)
    const n = membership.number()
    this.#parts.counters.count('updates_received')
    if (member.barrier !== null) return this.#receiveBarred(membership, n, kind, update, member.barrier)
    const { maxPageBytes } = this.#parts.settings
    if (this.bytes + update.length > maxPageBytes && this.#grows(kind, update))
      return this.#refusals.page(membership, n)
    const bringer = this.#owners.bringer(member)
    const wasGathering = this.#content.isGathering
    const untold = this.company.untold()
    const admission = this.#commits.change((content) => content.take(update, kind, bringer, this.#relay.before, untold))
    switch (admission.kind) {
      case 'invalid':
        return this.#refusals.invalid(membership, n, admission.reason)
      case 'gap':
        return this.#refusals.gap(membership, n)
      case 'owner':
        return this.#refusals.owner(membership, n, admission.barred)
      case 'nothing':
        this.#parts.counters.count('updates_known')
        membership.addedNothing()
        break
      case 'new':
        this.#commits.took(!wasGathering)
        this.#parts.counters.count('updates_stored')
        membership.addedSomething()
        this.#relay.push(admission, membership)
        if (kind === 'live') this.#bind(member, admission.taken)
        this.#endTurnLater()
        break
      default:
        admission satisfies never
    }
    if (admission.barred !== undefined) this.#refusals.owner(membership, n, admission.barred)
    else if (admission.gap) this.#refusals.partly(membership, n, 'a part of it depends on what the page does not hold')
    else this.#settleLater(membership, n)
  }

  /** Tells a member what it may do now. */
  tellState(member: Member): void {
    if (member.acknowledged && this.#members.has(member)) member.send(this.#stateOf(member), 'control')
  }

  /** Asks a member for what it has: it may write now what was refused before. */
  askAgain(member: Member): void {
    if (this.#members.has(member)) this.#ask(member)
  }

  /** A message that is too large to be looked at. */
  refuseTooLarge(member: Member, reason: string): void {
    const membership = this.#membership(member)
    this.#refusals.message(membership, membership.number(), reason)
  }

  /** Takes an awareness update. @throws Error when it cannot be decoded */
  receivePresence(member: Member, update: Uint8Array): void {
    if (!member.isShown) return
    const renew = this.#presence.receive(member, update)
    if (renew !== null) member.send(awarenessMessage(renew), 'presence')
    if (this.#presence.hasChanged) this.#endTurnLater()
  }

  /** Answers query awareness, with an empty message where nobody is here. */
  queryPresence(member: Member): void {
    member.send(awarenessMessage(this.#presence.all() ?? EMPTY_PRESENCE), 'presence')
  }

  /** Brings a member up to date that was passed over while its socket was full. */
  resume(member: Member): void {
    const since = this.#members.get(member)?.endLag()
    if (since === undefined) return
    this.#answers.catchUp(member, since)
    this.#tellPresence(member)
  }

  /** Takes in what other processes wrote, and relays it. @throws DatabaseError */
  async catchUp(): Promise<void> {
    if (this.#ended) return
    const end = await this.#follow.readOn()
    if (this.#ended) return
    if (end !== 'current') return this.end(end)
    this.#commits.tellUnsaved()
    this.settleAll()
    this.#endTurnLater()
    this.#follow.foldIfDue()
  }

  /** Folds what there is, as an operator asks. @throws DatabaseError */
  foldNow(): Promise<void> {
    return this.#follow.foldNow()
  }

  /** Sends everybody away, who may come again at once. @returns how many that were */
  sendAway(text: string): number {
    const members = [...this.#members.keys()]
    for (const member of members) member.close(Close.restart, text)
    return members.length
  }

  /** Takes what members elsewhere wrote, which may not be committed yet: relayed at once, durable once the log says so. */
  takeHeard(epoch: number, parts: readonly Part[]): void {
    if (this.#ended || epoch !== this.epoch) return
    const now = this.#parts.clock.now()
    const { mark } = this.#commits
    const fresh = this.#commits.change((content) => content.takeHeard(parts, mark + 1, now, this.#relay.before))
    if (fresh === null) return
    this.#commits.took(false)
    this.#relay.push(fresh, null)
    this.#endTurnLater()
  }

  /** Has what was heard written here, where it has not come from the log for long. */
  writeOverdue(): void {
    if (!this.#ended) this.#commits.writeOverdue()
  }

  /** Nobody needs the room any more: what its tail gathered is folded. */
  retire(): void {
    this.#follow.foldAtEnd()
  }

  /** Ends the room: its members are closed, what is not committed leaves memory (whoever wrote it still holds it). */
  end(why: Ending): void {
    if (this.#ended) return
    this.#ended = true
    this.#relay.close()
    this.#commits.end()
    this.#parts.logger.warn({ room: this.roomId, why }, 'room ended')
    for (const member of [...this.#members.keys()]) closeFor(member, why)
    this.#parts.ended(this)
  }

  #stateOf(member: Member): Uint8Array {
    return stateMessage({ ...member.state, pageBytes: this.bytes })
  }

  get #refusals(): Refusals {
    const { clock, counters, logger, settings } = this.#parts
    this.#madeRefusals ??= new Refusals({
      roomId: this.roomId,
      clock,
      counters,
      logger,
      maxPageBytes: settings.maxPageBytes,
      ask: (member) => this.#ask(member),
      membershipOf: (member) => this.#members.get(member),
      holders: (client) => this.#owners.holders(client),
      settleLater: (membership, n) => this.#settleLater(membership, n),
    })
    return this.#madeRefusals
  }

  #membership(member: Member): Membership {
    const membership = this.#members.get(member)
    if (membership === undefined) throw new Error('not a member of this room')
    return membership
  }

  #tellPresence(member: Member): void {
    const present = this.#presence.all()
    if (present !== null) member.send(awarenessMessage(present), 'presence')
  }

  #settleLater(membership: Membership, n: number): void {
    membership.await(n, this.#commits.mark)
    this.#settle(membership)
  }

  /** Acknowledges what is committed by now. */
  settleAll(): void {
    const { committed } = this.#commits
    for (const membership of this.#members.values()) this.#settle(membership, committed)
  }

  #settle(membership: Membership, committed = this.#commits.committed): void {
    for (const known of membership.settleThrough(committed)) this.#answers.answer(membership.member, known)
  }

  #ask(member: Member): void {
    member.send(syncMessage(Sync.step1, this.#content.stateVector()), 'sync')
  }

  /** Whether an update adds more than deletes: those are how a page becomes smaller. */
  #grows(kind: 'step2' | 'live', update: Uint8Array): boolean {
    const admission = this.#content.weigh(update, kind)
    return admission.kind === 'new' && admission.taken.length > 0
  }

  /** Of an id that has written before somebody else may be on record. */
  claimed(id: number): void {
    if (!this.#content.holdsClient(id)) return
    const { log, logger } = this.#parts
    log
      .writer(this.roomId, id)
      .then((user) => {
        if (user !== null && this.#owners.record(id, user)) this.#presence.evict(id)
      })
      .catch((error: unknown) => logger.debug({ error: String(error) }, 'the owner of an id was not looked up'))
  }

  #bind(member: Member, taken: readonly Reached[]): void {
    for (const { run } of taken) if (this.#owners.isHeldBy(member, run.client)) this.#presence.bind(member, run.client)
  }

  /** From whoever may not write, what adds something is dropped, and the socket lives: readers clean up what they read. */
  #receiveBarred(
    membership: Membership,
    n: number,
    kind: 'step2' | 'live',
    update: Uint8Array,
    barrier: Barrier,
  ): void {
    const admission = this.#content.weigh(update, kind)
    if (admission.kind === 'invalid') return this.#refusals.invalid(membership, n, admission.reason)
    if (admission.kind === 'nothing' && !admission.gap) return this.#settleLater(membership, n)
    this.#refusals.barred(membership, n, barrier)
  }

  #endTurnLater(): void {
    if (this.#turnDue || this.#ended) return
    this.#turnDue = true
    this.#parts.clock.turn(() => {
      this.#turnDue = false
      if (!this.#ended) this.#endTurn()
    })
  }

  #endTurn(): void {
    this.company.tell()
    this.#relay.flush()
    this.#commits.appendIfDue()
  }
}
