/** Presence of a room: states that change as cursors move, and the echo that stock clients answer each change with. */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { awarenessMessage } from '../../../shared/protocol.ts'
import { clientFrame, Opcode } from './frames.ts'
import type { Member } from './member.ts'
import { type Dialect, messageFrame } from './wire.ts'

const KEPT_MESSAGES = 8

/** A message as all readers of the room get it, decoded once. */
interface Heard {
  readonly message: Uint8Array
  readonly people: Int32Array
  readonly clocks: Int32Array
  readonly echo: Buffer
}

export class RoomPresence {
  readonly #dialect: Dialect
  readonly #room: string
  readonly #echoes: boolean
  readonly #heard: (sentAt: number, at: number) => void
  readonly #people: ReadonlyMap<number, number>
  readonly #clients: readonly number[]
  /** When each person's state of each clock was sent. */
  readonly #sentAt: number[][]
  readonly #kept: Heard[] = []
  #next = 0

  /** @param heard called once for each state and each member that hears of it */
  constructor(
    place: { readonly dialect: Dialect; readonly room: string },
    clients: readonly number[],
    echoes: boolean,
    heard: (sentAt: number, at: number) => void,
  ) {
    this.#dialect = place.dialect
    this.#room = place.room
    this.#echoes = echoes
    this.#heard = heard
    this.#clients = clients
    this.#people = new Map(clients.map((client, at) => [client, at]))
    this.#sentAt = clients.map(() => [0])
  }

  /** A person's cursor moves. @returns the frame that says so */
  move(person: number, at: number): Buffer {
    const sent = this.#sentAt[person] ?? []
    const clock = sent.length
    sent.push(at)
    const update = encoding.encode((encoder) => {
      encoding.writeVarUint(encoder, 1)
      encoding.writeVarUint(encoder, this.#clients[person] ?? 0)
      encoding.writeVarUint(encoder, clock)
      encoding.writeVarString(encoder, stateOf(person, clock))
    })
    return messageFrame(this.#dialect, this.#room, awarenessMessage(update))
  }

  /** What one person knows of the others. */
  reader(person: number): PresenceReader {
    return new PresenceReader(this, person, this.#clients.length)
  }

  /** Takes a message to a reader that knows `known`. */
  receive(
    update: Uint8Array,
    message: Uint8Array,
    person: number,
    known: Int32Array,
    member: Member,
    at: number,
  ): void {
    const { people, clocks, echo } = this.#decode(update, message)
    let news = false
    for (let index = 0; index < people.length; index++) {
      const other = people[index] as number
      const clock = clocks[index] as number
      if (other === person || clock <= (known[other] as number)) continue
      news = true
      // A state that a newer one replaced on the way has been heard of by the newer one.
      known[other] = clock
      this.#heard(this.#sentAt[other]?.[clock] ?? Number.NaN, at)
    }
    if (news && this.#echoes) member.write(echo)
  }

  /** Whether a reader knows everybody's newest state. */
  isCurrent(person: number, known: Int32Array): boolean {
    return this.#sentAt.every((sent, other) => other === person || known[other] === sent.length - 1)
  }

  #decode(update: Uint8Array, message: Uint8Array): Heard {
    const known = this.#kept.find(
      (kept) => kept.message.length === message.length && Buffer.compare(kept.message, message) === 0,
    )
    if (known !== undefined) return known
    const decoder = decoding.createDecoder(update)
    const count = decoding.readVarUint(decoder)
    const people: number[] = []
    const clocks: number[] = []
    for (let index = 0; index < count; index++) {
      const person = this.#people.get(decoding.readVarUint(decoder))
      const clock = decoding.readVarUint(decoder)
      decoding.readVarUint8Array(decoder)
      if (person === undefined) continue
      people.push(person)
      clocks.push(clock)
    }
    const heard: Heard = {
      message,
      people: Int32Array.from(people),
      clocks: Int32Array.from(clocks),
      // What a stock client sends back holds the same entries.
      echo: clientFrame(Opcode.binary, message),
    }
    this.#kept[this.#next] = heard
    this.#next = (this.#next + 1) % KEPT_MESSAGES
    return heard
  }
}

export class PresenceReader {
  readonly #room: RoomPresence
  readonly #person: number
  readonly #known: Int32Array

  constructor(room: RoomPresence, person: number, people: number) {
    this.#room = room
    this.#person = person
    this.#known = new Int32Array(people)
  }

  receive(update: Uint8Array, message: Uint8Array, member: Member, at: number): void {
    this.#room.receive(update, message, this.#person, this.#known, member, at)
  }

  get isCurrent(): boolean {
    return this.#room.isCurrent(this.#person, this.#known)
  }
}

/** As an editor's cursor looks: a name, a colour, two relative positions. */
const stateOf = (person: number, clock: number): string =>
  JSON.stringify({
    user: { name: `Person ${person}`, color: '#30bced' },
    cursor: {
      anchor: { tname: 'text', item: { client: 1_000_000_000 + person, clock } },
      head: { tname: 'text', item: { client: 1_000_000_000 + person, clock } },
    },
  })
