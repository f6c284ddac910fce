/** How a member's messages look to each kind of server. */
import * as encoding from 'lib0/encoding'
import { SUBPROTOCOL, Sync, syncMessage } from '../../../shared/protocol.ts'
import { clientFrame, Opcode } from './frames.ts'

/**
 * `scriptorium`: y-websocket with acknowledgements. `y-websocket`: as stock clients speak it. `hocuspocus`: each message
 * begins with the room's name. `relay`: whatever one member sends, the others get; nobody answers.
 */
export type Dialect = 'scriptorium' | 'y-websocket' | 'hocuspocus' | 'relay'

const AUTH = 2
const TOKEN = 0

/** Address of a room's socket. */
export const addressOf = (base: string, dialect: Dialect, room: string): string =>
  dialect === 'hocuspocus' ? `${base}/` : `${base}/${room}`

export const subprotocolOf = (dialect: Dialect): string | null => (dialect === 'scriptorium' ? SUBPROTOCOL : null)

/** Frames a message as a member of `room` sends it. */
export const messageFrame = (dialect: Dialect, room: string, message: Uint8Array): Buffer =>
  clientFrame(
    Opcode.binary,
    dialect !== 'hocuspocus'
      ? message
      : encoding.encode((encoder) => {
          encoding.writeVarString(encoder, room)
          encoding.writeUint8Array(encoder, message)
        }),
  )

/** Frames a live update. */
export const updateFrame = (dialect: Dialect, room: string, update: Uint8Array): Buffer =>
  messageFrame(dialect, room, syncMessage(Sync.update, update))

/** What Hocuspocus wants to hear first. */
export const tokenMessage = (): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, AUTH)
    encoding.writeVarUint(encoder, TOKEN)
    encoding.writeVarString(encoder, 'bench')
    encoding.writeVarString(encoder, '4.7.0')
  })
