/**
 * One page and the members who write it. An update goes one way: taken into the content, gathered for the log, relayed at
 * the end of the turn, acknowledged after its commit.
 */
import { awarenessMessage, Close, Sync, stateMessage, syncMessage } from '../../shared/protocol.ts'
import type { LoadedRoom, Part } from '../log/port.ts'
import { Answers } from './answers.ts'
import { Commits, type Committing } from './commits.ts'
import { Company } from './company.ts'
import { Content } from './content.ts'
import { closeFor, type Ending } from './ending.ts'
import { figuresOf, type Person, peopleOf, type RoomFigures } from './figures.ts'
import { Follow } from './follow.ts'
import { Intake, type Kind, type Receiving } from './intake.ts'
import { type Member, Membership } from './member.ts'
import { Owners } from './owners.ts'
import { EMPTY_PRESENCE, Presence } from './presence.ts'
import { recallOwner } from './recall.ts'
import { Relay, type Relaying } from './relay.ts'
import type { RoomParts } from './room-parts.ts'
import { type Before, decodeStateVector, type StateVector } from './state-vector.ts'

export class Room implements Committing, Receiving, Relaying {
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
  readonly #intake: Intake
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
    this.#follow = new Follow(this, this.#content, this.#relay, parts, loaded)
    this.#answers = new Answers(roomId, this.#content, parts)
    this.#commits = new Commits(this, loaded.exists, this.#content, this.#follow, parts)
    const ways = {
      content: this.#content,
      commits: this.#commits,
      owners: this.#owners,
      presence: this.#presence,
      relay: this.#relay,
      company: this.company,
    }
    this.#intake = new Intake(this, ways, parts)
    this.#follow.foldIfDue()
  }

  /** The highest seq known; nothing below it is unknown. */
  get seq(): number {
    return this.#follow.seq
  }

  /** When the row of that seq was written. */
  get at(): number {
    return this.#follow.at
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
    if (this.#members.size === 0) {
      this.idleSince = this.#parts.clock.now()
      this.#parts.emptied(this)
    }
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
  receive(member: Member, kind: Kind, update: Uint8Array): void {
    this.#intake.receive(this.#membership(member), kind, update)
  }

  /** A message that is too large to be looked at. */
  refuseTooLarge(member: Member, reason: string): void {
    this.#intake.refuseTooLarge(this.#membership(member), reason)
  }

  /** Tells a member what it may do now. */
  tellState(member: Member): void {
    if (member.acknowledged && this.#members.has(member)) member.send(this.#stateOf(member), 'control')
  }

  /** Asks a member for what it has: it may write now what was refused before. */
  askAgain(member: Member): void {
    if (this.#members.has(member)) this.ask(member)
  }

  /** Takes an awareness update. @throws Error when it cannot be decoded */
  receivePresence(member: Member, update: Uint8Array): void {
    if (!member.isShown) return
    const renew = this.#presence.receive(member, update)
    if (renew !== null) member.send(awarenessMessage(renew), 'presence')
    if (this.#presence.hasChanged) this.changed()
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
    const present = this.#presence.all()
    if (present !== null) member.send(awarenessMessage(present), 'presence')
  }

  /** Takes in what other processes wrote, and relays it. @throws DatabaseError */
  async catchUp(): Promise<void> {
    if (this.#ended) return
    const end = await this.#follow.readOn()
    if (this.#ended) return
    if (end !== 'current') return this.end(end)
    this.#commits.tellUnsaved()
    this.settleAll()
    this.changed()
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
    this.#intake.hear(parts)
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

  membershipOf(member: Member): Membership | undefined {
    return this.#members.get(member)
  }

  ask(member: Member): void {
    member.send(syncMessage(Sync.step1, this.#content.stateVector()), 'sync')
  }

  settleLater(membership: Membership, n: number): void {
    membership.await(n, this.#commits.mark)
    this.#settle(membership)
  }

  #stateOf(member: Member): Uint8Array {
    return stateMessage({ ...member.state, pageBytes: this.bytes })
  }

  #membership(member: Member): Membership {
    const membership = this.#members.get(member)
    if (membership === undefined) throw new Error('not a member of this room')
    return membership
  }

  /** Acknowledges what is committed by now. */
  settleAll(): void {
    const { committed } = this.#commits
    for (const membership of this.#members.values()) this.#settle(membership, committed)
  }

  #settle(membership: Membership, committed = this.#commits.committed): void {
    for (const known of membership.settleThrough(committed)) this.#answers.answer(membership.member, known)
  }

  /** Of an id that has written before somebody else may be on record. */
  claimed(id: number): void {
    if (this.#content.holdsClient(id)) recallOwner(this.roomId, id, this.#owners, this.#presence, this.#parts)
  }

  /** There is something to relay or to write. */
  changed(): void {
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
