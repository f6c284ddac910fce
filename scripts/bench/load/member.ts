/** A light member of a room: syncs as a stock client does, sends what was made before, and counts acknowledgements. */
import * as decoding from 'lib0/decoding'
import { Message, SUBPROTOCOL, Sync, syncMessage } from '../../../shared/protocol.ts'
import type { Endpoint } from '../targets/target.ts'
import { Connection } from './connection.ts'
import { clientFrame, Opcode } from './frames.ts'

export interface MemberEvents {
  /** An update, live or of a first sync, at the time it was read. */
  update(update: Uint8Array, at: number): void
  /** A message sent at `sentAt` is committed. */
  saved(sentAt: number, at: number): void
  /** It can go on no longer. */
  failed(error: Error): void
}

const EMPTY = Uint8Array.of(0)
const EMPTY_UPDATE = Uint8Array.of(0, 0)

/** Frames an update as a member sends it. */
export const updateFrame = (update: Uint8Array): Buffer => clientFrame(Opcode.binary, syncMessage(Sync.update, update))

const STEP1_FRAME = clientFrame(Opcode.binary, syncMessage(Sync.step1, EMPTY))
const STEP2_FRAME = clientFrame(Opcode.binary, syncMessage(Sync.step2, EMPTY_UPDATE))

export class Member {
  readonly #room: string
  readonly #connection: Connection
  readonly #events: MemberEvents
  readonly #acknowledges: boolean
  /** When the messages after the last saved one were sent. */
  #unsaved: number[] = []
  #saved = 0
  #synced: () => void = () => undefined

  private constructor(room: string, connection: Connection, acknowledges: boolean, events: MemberEvents) {
    this.#room = room
    this.#connection = connection
    this.#acknowledges = acknowledges
    this.#events = events
  }

  /** Joins, and has the room's content when it returns. @throws Error when the room cannot be joined */
  static async join(endpoint: Endpoint, room: string, events: MemberEvents): Promise<Member> {
    let lost: (error: Error) => void = () => undefined
    const broken = new Promise<never>((_, reject) => {
      lost = reject
    })
    const failed = (error: Error) => {
      lost(error)
      events.failed(error)
    }
    const subprotocol = endpoint.acknowledges ? SUBPROTOCOL : null
    const connection = await Connection.open(`${endpoint.base}/${room}`, subprotocol)
    const member = new Member(room, connection, endpoint.acknowledges, { ...events, failed })
    const synced = new Promise<void>((resolve) => {
      member.#synced = resolve
    })
    connection.write(STEP1_FRAME)
    connection.listen({
      message: (payload) => member.#receive(payload),
      ended: (reason) => failed(new Error(`${room}: ${reason}`)),
    })
    await Promise.race([synced, broken])
    return member
  }

  /** Messages that are sent and not known to be committed; always 0 where nothing is acknowledged. */
  get unsaved(): number {
    return this.#unsaved.length
  }

  /** Sends a frame made by `updateFrame`. */
  send(frame: Buffer, at: number): void {
    if (this.#acknowledges) this.#unsaved.push(at)
    this.#connection.write(frame)
  }

  close(): void {
    this.#connection.close()
  }

  #receive(payload: Buffer): void {
    const at = performance.now()
    try {
      this.#handle(decoding.createDecoder(payload), at)
    } catch (error) {
      this.#events.failed(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #handle(decoder: decoding.Decoder, at: number): void {
    const type = decoding.readVarUint(decoder)
    if (type === Message.sync) this.#handleSync(decoder, at)
    else if (type === Message.saved) this.#handleSaved(decoding.readVarUint(decoder), at)
    else if (type === Message.refused) {
      const [n, code, reason] = [
        decoding.readVarUint(decoder),
        decoding.readVarString(decoder),
        decoding.readVarString(decoder),
      ]
      throw new Error(`${this.#room}: message ${n} was refused: ${code}, ${reason}`)
    } else if (type === Message.part) throw new Error(`${this.#room}: a sync in parts, which this client does not read`)
  }

  #handleSync(decoder: decoding.Decoder, at: number): void {
    const kind = decoding.readVarUint(decoder)
    const body = decoding.readVarUint8Array(decoder)
    if (kind === Sync.step1) {
      this.send(STEP2_FRAME, at)
      return
    }
    this.#events.update(body, at)
    if (kind === Sync.step2) this.#synced()
  }

  #handleSaved(n: number, at: number): void {
    const settled = this.#unsaved.splice(0, n - this.#saved)
    this.#saved = n
    for (const sentAt of settled) this.#events.saved(sentAt, at)
  }
}
