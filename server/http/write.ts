/** An update that comes by HTTP: a member of the page's room for the time of one message. */
import * as decoding from 'lib0/decoding'
import { type PageName, roomIdOf } from '../../shared/names.ts'
import { type CloseCode, Message } from '../../shared/protocol.ts'
import type { Caller } from '../access.ts'
import { PageDeleted, type Rooms } from '../room/rooms.ts'
import type { Reply } from '../room/sync.ts'
import { Problem } from './problem.ts'
import { Visitor, visit } from './visitor.ts'

/** How the room refuses, as HTTP says it. */
const REFUSALS: Readonly<Record<string, number>> = { invalid: 422, gap: 409, 'too-large': 413, deleted: 410, rate: 503 }

/**
 * Writes one update as any edit is written: validated, relayed, committed.
 * @returns the page's seq with it
 * @throws Problem when it is refused, DatabaseError when the page cannot be loaded
 */
export const writeUpdate = async (
  rooms: Rooms,
  page: PageName,
  caller: Caller,
  update: Uint8Array,
): Promise<number> => {
  const message = new OneMessage(caller)
  const room = rooms.room(roomIdOf(page))
  // What it holds already is answered without the database, which may have been put back in time since somebody looked.
  if (room !== undefined && !room.isWatched) await rooms.compare(room)
  try {
    return await visit(rooms, page, message, async (room) => {
      room.receive(message, 'live', update)
      await message.answer
      return room.seq
    })
  } catch (error) {
    throw error instanceof PageDeleted ? new Problem(410, 'Deleted', error.message) : error
  }
}

/** Answered once it is committed. */
class OneMessage extends Visitor<void> {
  send(message: Reply, kind: 'sync' | 'presence' | 'control'): void {
    if (kind !== 'control' || !(message instanceof Uint8Array)) return
    const decoder = decoding.createDecoder(message)
    const type = decoding.readVarUint(decoder)
    if (type === Message.saved) this.resolve()
    if (type !== Message.refused) return
    decoding.readVarUint(decoder)
    const code = decoding.readVarString(decoder)
    this.reject(new Problem(REFUSALS[code] ?? 403, 'Update refused', `${code}: ${decoding.readVarString(decoder)}`))
  }

  /** What the page holds is not asked for. */
  sendAll(): void {}

  close(code: CloseCode, text: string): void {
    this.reject(new Problem(code === 4404 ? 410 : 503, 'Not stored', text))
  }
}
