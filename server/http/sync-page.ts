/** One page of a caller without a socket: what they wrote goes in, what they lack comes out, after the commit. */
import * as decoding from 'lib0/decoding'
import { type PageName, roomIdOf } from '../../shared/names.ts'
import { Close, type CloseCode, Message, Sync } from '../../shared/protocol.ts'
import type { Caller } from '../access.ts'
import type { PageHead } from '../log/archive/known.ts'
import { EMPTY_UPDATE, mergeUpdates } from '../room/merge.ts'
import { PageDeleted, type Rooms } from '../room/rooms.ts'
import { covers, decodeStateVector, type StateVector } from '../room/state-vector.ts'
import type { Reply } from '../room/sync.ts'
import { Visitor, visit } from './visitor.ts'

/** Why a page was not synced. Others of the same request are. */
export class NotSynced extends Error {
  readonly code: string

  constructor(code: string, reason: string) {
    super(reason)
    this.code = code
  }
}

export interface Offered {
  readonly stateVector: Uint8Array
  /** What they wrote; null: nothing. */
  readonly update: Uint8Array | null
}

export interface Synced extends PageHead {
  /** Of what they lack; null: nothing. */
  readonly update: Uint8Array | null
  /** Whether the page lacks what they hold and did not offer. */
  readonly isBehind: boolean
}

/**
 * Takes what is offered and gives what is lacking.
 * @param head how far the page had come in the database, a moment ago
 * @throws NotSynced, DatabaseError when the page cannot be loaded
 */
export const syncPage = async (
  rooms: Rooms,
  page: PageName,
  caller: Caller,
  { stateVector, update }: Offered,
  head: PageHead | undefined,
): Promise<Synced> => {
  const held = stateVectorOf(stateVector)
  const open = rooms.room(roomIdOf(page))
  if (open !== undefined && !isAt(open, head)) await rooms.compare(open)
  const question = new Question(caller)
  try {
    return await visit(rooms, page, question, async (room) => {
      if (update !== null) room.receive(question, 'step2', update)
      question.ask()
      // Answered after the commit of what came before it.
      room.step1(question, stateVector)
      const lacking = await question.answer
      const { seq, at, epoch } = room
      const isBehind = !covers(room.received(new Map()), held)
      return { seq, at, epoch, update: isEmpty(lacking) ? null : lacking, isBehind }
    })
  } catch (error) {
    throw error instanceof PageDeleted ? new NotSynced('deleted', error.message) : error
  }
}

const stateVectorOf = (bytes: Uint8Array): StateVector => {
  try {
    return decodeStateVector(bytes)
  } catch (error) {
    throw new NotSynced('invalid', (error as Error).message)
  }
}

const isAt = (room: PageHead, head: PageHead = NO_HEAD): boolean =>
  room.seq === head.seq && room.at === head.at && room.epoch === head.epoch

const NO_HEAD: PageHead = { seq: 0, at: 0, epoch: 0 }

const isEmpty = (update: Uint8Array): boolean => update.every((byte, at) => byte === EMPTY_UPDATE[at])

/** Head and body of a message, in one. */
const whole = (message: Reply): Uint8Array =>
  message instanceof Uint8Array ? message : Buffer.concat([message[0], message[1]])

class Question extends Visitor<Uint8Array> {
  #hasAsked = false
  #updates: Uint8Array[] = []
  #parts: Uint8Array[] = []

  /** What the room says from now on is the answer. */
  ask(): void {
    this.#hasAsked = true
  }

  send(message: Reply, kind: 'sync' | 'presence' | 'control'): void {
    if (kind === 'control') this.#hearControl(whole(message))
    else if (kind === 'sync' && this.#hasAsked) this.#hear(whole(message))
  }

  sendAll(messages: readonly Reply[]): void {
    if (this.#hasAsked) for (const message of messages) this.#hear(whole(message))
  }

  close(code: CloseCode, text: string): void {
    const codes: Partial<Record<CloseCode, string>> = { [Close.deleted]: 'deleted', [Close.replaced]: 'replaced' }
    this.reject(new NotSynced(codes[code] ?? 'again', text))
  }

  #hearControl(message: Uint8Array): void {
    const decoder = decoding.createDecoder(message)
    if (decoding.readVarUint(decoder) !== Message.refused) return
    decoding.readVarUint(decoder)
    const code = decoding.readVarString(decoder)
    this.reject(new NotSynced(code, decoding.readVarString(decoder)))
  }

  #hear(message: Uint8Array): void {
    const decoder = decoding.createDecoder(message)
    const type = decoding.readVarUint(decoder)
    if (type === Message.part) {
      decoding.readVarUint(decoder)
      this.#parts.push(decoding.readVarUint8Array(decoder))
    }
    if (type !== Message.sync) return
    const kind = decoding.readVarUint(decoder)
    // A question of the room, after a gap.
    if (kind === Sync.step1) return
    this.#updates.push(decoding.readVarUint8Array(decoder))
    if (kind !== Sync.step2) return
    if (this.#parts.length > 0) this.#updates.unshift(Buffer.concat(this.#parts))
    this.resolve(mergeUpdates(this.#updates))
  }
}
