/** A light member of a room: syncs as a client does, sends what was made before, counts acknowledgements. */
import * as decoding from 'lib0/decoding'
import { Message, Sync, syncMessage } from '../../../shared/protocol.ts'
import type { Endpoint } from '../targets/target.ts'
import { Connection } from './connection.ts'
import { addressOf, messageFrame, subprotocolOf, tokenMessage } from './wire.ts'

export interface MemberEvents {
  /** An update, live or of a first sync, at the time it was read. */
  update?(update: Uint8Array, at: number): void
  /** Presence, as an awareness update, and the message it came in; the first comes before the member has joined. */
  presence?(update: Uint8Array, message: Uint8Array, at: number, member: Member): void
  /** A message sent at `sentAt` is committed. */
  saved?(sentAt: number, at: number): void
  /** It can go on no longer. */
  failed(error: Error): void
}

/** What a member brings along from before. */
export interface Baggage {
  /** Its state vector; none: it has nothing. */
  readonly stateVector?: Uint8Array
  /** What it answers when it is asked, as an update. */
  readonly answer?: Uint8Array
  /** A framed message that it opens with, after its step 1. */
  readonly greeting?: Buffer | null
}

const NO_STATE = Uint8Array.of(0)
const NO_UPDATE = Uint8Array.of(0, 0)

/** A first sync that comes in pieces. */
interface Parts {
  readonly bytes: Buffer
  length: number
}

export class Member {
  readonly #room: string
  readonly #endpoint: Endpoint
  readonly #events: MemberEvents
  readonly #answer: Uint8Array
  readonly #connection: Connection
  /** When the messages after the last saved one were sent. */
  #unsaved: number[] = []
  #saved = 0
  #parts: Parts | null = null
  #synced: () => void = () => undefined

  private constructor(
    room: string,
    connection: Connection,
    endpoint: Endpoint,
    events: MemberEvents,
    answer: Uint8Array,
  ) {
    this.#room = room
    this.#connection = connection
    this.#endpoint = endpoint
    this.#events = events
    this.#answer = answer
  }

  /** Joins, and has the room's content when it returns. @throws Error when the room cannot be joined */
  static async join(endpoint: Endpoint, room: string, events: MemberEvents, baggage: Baggage = {}): Promise<Member> {
    const { base, dialect } = endpoint
    let lost: (error: Error) => void = () => undefined
    const broken = new Promise<never>((_, reject) => {
      lost = reject
    })
    // Whoever waits hears of it by the race below; later it is told by `failed`.
    broken.catch(() => undefined)
    const failed = (error: Error) => {
      lost(error)
      events.failed(error)
    }
    const connection = await Connection.open(addressOf(base, dialect, room), subprotocolOf(dialect))
    const answer = baggage.answer ?? NO_UPDATE
    const member = new Member(room, connection, endpoint, { ...events, failed }, answer)
    const synced = new Promise<void>((resolve) => {
      member.#synced = resolve
    })
    connection.together(() => {
      if (dialect === 'hocuspocus') member.#write(tokenMessage())
      // A relay has nothing to sync with.
      if (dialect !== 'relay') member.#write(syncMessage(Sync.step1, baggage.stateVector ?? NO_STATE))
      if (baggage.greeting) connection.write(baggage.greeting)
    })
    connection.listen({
      message: (payload) => member.#receive(payload),
      ended: (reason) => failed(new Error(`${room}: ${reason}`)),
    })
    if (dialect !== 'relay') await Promise.race([synced, broken])
    return member
  }

  /** Messages that are sent and not known to be committed; always 0 where nothing is acknowledged. */
  get unsaved(): number {
    return this.#unsaved.length
  }

  /** Sends an update framed by `updateFrame`. */
  send(frame: Buffer, at: number): void {
    this.#expectSaved(at)
    this.#connection.write(frame)
  }

  /** Sends any other frame. */
  write(frame: Buffer): void {
    this.#connection.write(frame)
  }

  /** Has what is sent in `send` leave in one piece. */
  together(send: () => void): void {
    this.#connection.together(send)
  }

  close(): void {
    this.#connection.close()
  }

  #expectSaved(at: number): void {
    if (this.#endpoint.dialect === 'scriptorium') this.#unsaved.push(at)
  }

  #write(message: Uint8Array): void {
    this.#connection.write(messageFrame(this.#endpoint.dialect, this.#room, message))
  }

  /** @returns whether nobody keeps the bytes */
  #receive(payload: Buffer): boolean {
    const at = performance.now()
    try {
      const decoder = decoding.createDecoder(payload)
      if (this.#endpoint.dialect === 'hocuspocus') decoding.readVarUint8Array(decoder)
      return this.#handle(decoder, payload, at)
    } catch (error) {
      this.#events.failed(error instanceof Error ? error : new Error(String(error)))
      return false
    }
  }

  #handle(decoder: decoding.Decoder, payload: Buffer, at: number): boolean {
    const type = decoding.readVarUint(decoder)
    if (type === Message.sync) this.#handleSync(decoder, at)
    else if (type === Message.awareness) {
      this.#events.presence?.(decoding.readVarUint8Array(decoder), payload, at, this)
    } else if (this.#endpoint.dialect !== 'scriptorium') return false
    else if (type === Message.saved) this.#handleSaved(decoding.readVarUint(decoder), at)
    else if (type === Message.refused) {
      const [n, code] = [decoding.readVarUint(decoder), decoding.readVarString(decoder)]
      throw new Error(`${this.#room}: message ${n} was refused: ${code}, ${decoding.readVarString(decoder)}`)
    } else if (type === Message.part) {
      this.#handlePart(decoder, at)
      return true
    }
    return false
  }

  #handleSync(decoder: decoding.Decoder, at: number): void {
    const kind = decoding.readVarUint(decoder)
    const body = decoding.readVarUint8Array(decoder)
    if (kind !== Sync.step1) this.#events.update?.(body, at)
    else if (this.#endpoint.dialect !== 'relay') {
      this.#expectSaved(at)
      this.#write(syncMessage(Sync.step2, this.#answer))
    }
    if (kind === Sync.step2) this.#synced()
  }

  #handlePart(decoder: decoding.Decoder, at: number): void {
    const total = decoding.readVarUint(decoder)
    const piece = decoding.readVarUint8Array(decoder)
    this.#parts ??= { bytes: Buffer.allocUnsafeSlow(total), length: 0 }
    const { bytes } = this.#parts
    bytes.set(piece, this.#parts.length)
    this.#parts.length += piece.length
    if (this.#parts.length < bytes.length) return
    this.#parts = null
    this.#events.update?.(bytes, at)
  }

  #handleSaved(n: number, at: number): void {
    const settled = this.#unsaved.splice(0, n - this.#saved)
    this.#saved = n
    for (const sentAt of settled) this.#events.saved?.(sentAt, at)
  }
}
