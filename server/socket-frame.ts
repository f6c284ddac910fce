/** What one frame of a client asks of its room. */
import { readClientMessage } from '../shared/protocol.ts'
import type { Member } from './room/member.ts'
import type { Room } from './room/room.ts'

/**
 * Hands a frame on.
 * @param maxUpdateBytes of one live update
 * @returns the fresh token that it brings; null: none
 * @throws Error when it is malformed, or not for this member
 */
export const takeFrame = (room: Room, member: Member, frame: Uint8Array, maxUpdateBytes: number): string | null => {
  const message = readClientMessage(frame)
  switch (message.type) {
    case 'step1':
      room.step1(member, message.stateVector)
      return null
    case 'step2':
      room.receive(member, 'step2', message.update)
      return null
    case 'update':
      if (message.update.length <= maxUpdateBytes) room.receive(member, 'live', message.update)
      else room.refuseTooLarge(member, `an update may have ${maxUpdateBytes} bytes`)
      return null
    case 'awareness':
      room.receivePresence(member, message.update)
      return null
    case 'queryAwareness':
      room.queryPresence(member)
      return null
    case 'token':
      if (member.acknowledged) return message.token
      throw new Error('message 6 is only for clients of scriptorium.v1')
    default:
      message satisfies never
      return null
  }
}
