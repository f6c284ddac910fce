/** One room of a run of typing: its members, what they send, what each still has to receive. */

import type { SeededRandom } from '../random.ts'
import type { Endpoint } from '../targets/target.ts'
import { Deliveries, type DeliveryReader } from './deliveries.ts'
import type { Measured } from './measured.ts'
import { Member, type MemberEvents } from './member.ts'
import { type PresenceReader, RoomPresence } from './presence.ts'
import { newClient, type Script, textOf } from './typing.ts'
import { updateFrame } from './wire.ts'

export interface RoomSettings {
  readonly clients: number
  /** Null: nobody shows presence. */
  readonly presence: { readonly echoes: boolean } | null
}

export class Room {
  readonly name: string
  readonly #endpoint: Endpoint
  readonly #script: Script
  readonly #settings: RoomSettings
  readonly #measured: Measured
  readonly #deliveries: Deliveries
  /** Told by what its storage holds. */
  readonly #stored: Deliveries
  readonly #storage: DeliveryReader
  readonly #presence: RoomPresence | null
  readonly #members: Member[] = []
  readonly #readers: DeliveryReader[] = []
  readonly #watchers: PresenceReader[] = []
  readonly #sent: number[]
  readonly #received: number[]
  /** What the last member got: where nobody keeps the page, it shows what arrived. */
  readonly #seen: Uint8Array[] = []
  #total = 0
  /** Told when what is outstanding of a writer may have become less; null: nobody asks, so nobody counts. */
  onProgress: ((writer: number) => void) | null = null

  constructor(
    place: { readonly endpoint: Endpoint; readonly room: string },
    script: Script,
    settings: RoomSettings,
    measured: Measured,
    random: SeededRandom,
  ) {
    this.name = place.room
    this.#endpoint = place.endpoint
    this.#script = script
    this.#settings = settings
    this.#measured = measured
    this.#sent = script.writers.map(() => 0)
    this.#received = script.writers.map(() => 0)
    this.#deliveries = new Deliveries(script.writers, (sentAt, at) => measured.onDelivered(sentAt, at))
    this.#stored = new Deliveries(script.writers, (sentAt, at) => measured.onStored(sentAt, at))
    this.#storage = this.#stored.reader(null)
    this.#presence =
      settings.presence === null
        ? null
        : new RoomPresence(
            { dialect: place.endpoint.dialect, room: place.room },
            Array.from({ length: settings.clients }, (_, at) => script.writers[at]?.client ?? newClient(random)),
            settings.presence.echoes,
            (sentAt, at) => measured.onPresence(sentAt, at),
          )
  }

  /** Brings its members in, the writers first; the first of them writes how the page begins. */
  async open(): Promise<void> {
    const first = await this.#join(0)
    first.send(updateFrame(this.#endpoint.dialect, this.name, this.#script.seed), performance.now())
    for (let index = 1; index < this.#settings.clients; index++) await this.#join(index)
  }

  /** How many edits a writer has left. */
  left(writer: number): number {
    return (this.#script.writers[writer]?.edits ?? 0) - (this.#sent[writer] ?? 0)
  }

  /** Edits of a writer that are not yet with all others, or not yet acknowledged. */
  outstanding(writer: number): number {
    const away = (this.#sent[writer] ?? 0) - (this.#received[writer] ?? 0)
    return Math.max(away, this.#members[writer]?.unsaved ?? 0)
  }

  /** Has a writer type its next `count` edits. */
  send(writer: number, count: number, at: number): void {
    const frames = this.#script.writers[writer]?.frames
    const member = this.#members[writer]
    if (frames === undefined || member === undefined) throw new Error(`${this.name}: there is no writer ${writer}`)
    member.together(() => {
      for (let left = count; left > 0; left--) {
        const edit = this.#sent[writer] ?? 0
        this.#deliveries.sent(writer, edit, at)
        this.#stored.sent(writer, edit, at)
        this.#sent[writer] = edit + 1
        this.#total++
        member.send(frames.at(edit), at)
      }
    })
  }

  /** Has a person move its cursor. */
  move(person: number, at: number): void {
    const frame = this.#presence?.move(person, at)
    if (frame !== undefined) this.#members[person]?.write(frame)
  }

  /** What is not settled, in words; null: everything sent is acknowledged, and has reached all others. */
  get missing(): string | null {
    return this.missingEdits ?? this.#missingPresence()
  }

  /** The same of edits alone. */
  get missingEdits(): string | null {
    for (const [index, reader] of this.#readers.entries()) {
      const due = this.#total - (this.#sent[index] ?? 0)
      if (reader.received !== due) return `${this.name}: member ${index} has ${reader.received} of ${due} edits`
      const unsaved = this.#members[index]?.unsaved ?? 0
      if (unsaved > 0) return `${this.name}: ${unsaved} messages of member ${index} are not acknowledged`
    }
    return null
  }

  #missingPresence(): string | null {
    const blind = this.#watchers.findIndex((watcher) => !watcher.isCurrent)
    return blind < 0 ? null : `${this.name}: member ${blind} does not know everybody's newest presence`
  }

  /** Takes what its storage holds. */
  lookAtStored(update: Uint8Array, at: number): void {
    this.#storage.receive(update, at)
  }

  get isStored(): boolean {
    return this.#storage.received === this.#total
  }

  /** What was typed, as a document reads it. */
  typedText(): string {
    const typed = this.#script.writers.flatMap((_, writer) => [...this.#sentBy(writer)])
    return textOf([this.#script.seed, ...typed])
  }

  /** What the last member saw and wrote, as a document reads it: it came after the beginning, which no relay keeps. */
  seenText(): string {
    return textOf([this.#script.seed, ...this.#seen, ...this.#sentBy(this.#settings.clients - 1)])
  }

  close(): void {
    for (const member of this.#members) member.close()
  }

  *#sentBy(writer: number): Generator<Uint8Array> {
    const frames = this.#script.writers[writer]?.frames
    if (frames === undefined) return
    for (let edit = 0; edit < (this.#sent[writer] ?? 0); edit++) yield frames.update(edit)
  }

  async #join(index: number): Promise<Member> {
    const isWriter = index < this.#script.writers.length
    const isLast = index === this.#settings.clients - 1
    const reader = this.#deliveries.reader(isWriter ? index : null)
    const watcher = this.#presence?.reader(index)
    const keepsSeen = isLast && this.#endpoint.dialect === 'relay'
    this.#readers[index] = reader
    if (watcher !== undefined) this.#watchers[index] = watcher
    // As stock clients do: what they say first is who they are.
    const greeting = this.#presence?.move(index, performance.now()) ?? null
    const events: MemberEvents = {
      update: (update, at) => {
        this.#measured.onFrame(at)
        if (keepsSeen) this.#seen.push(Uint8Array.from(update))
        if (reader.receive(update, at) && this.onProgress !== null) this.#progress(this.onProgress)
      },
      presence: (update, message, at, self) => watcher?.receive(update, message, self, at),
      saved: (sentAt, at) => {
        this.#measured.onSaved(sentAt, at)
        if (isWriter) this.onProgress?.(index)
      },
      failed: (error) => this.#measured.fail(error),
    }
    const member = await Member.join(this.#endpoint, this.name, events, { greeting })
    this.#members[index] = member
    return member
  }

  #progress(tell: (writer: number) => void): void {
    for (const [writer, before] of this.#received.entries()) {
      let least = Number.POSITIVE_INFINITY
      for (const [index, reader] of this.#readers.entries()) {
        if (index !== writer) least = Math.min(least, reader.has(writer))
      }
      if (least === before || least === Number.POSITIVE_INFINITY) continue
      this.#received[writer] = least
      tell(writer)
    }
  }
}
