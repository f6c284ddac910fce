/** What is sent to a socket on which nothing goes, so that it stays and is known to be there. */
import type { Socket as NetSocket } from 'node:net'
import type { WebSocket } from 'ws'
import { awarenessMessage } from '../shared/protocol.ts'
import { EMPTY_PRESENCE } from './room/presence.ts'
import { CROWDED_BYTES, type Vigil } from './socket-vigil.ts'
import { framed } from './wire.ts'

/** Framed once: an idle socket costs one write in half a minute. */
const SIGN_OF_LIFE = framed(awarenessMessage(EMPTY_PRESENCE))
/** With an empty ping behind it: final, unmasked. */
const SIGN_OF_LIFE_AND_PING = Buffer.concat([SIGN_OF_LIFE, Uint8Array.of(0x89, 0)])

/** Sends what is due of a message and a ping. @param net of `ws` */
export const giveSignOfLife = (vigil: Vigil, beat: number, ws: WebSocket, net: NetSocket): void => {
  const { life, ping } = vigil.due(beat)
  if (life && net.writableLength <= CROWDED_BYTES && ws.readyState === ws.OPEN) {
    vigil.sent(beat)
    net.write(ping ? SIGN_OF_LIFE_AND_PING : SIGN_OF_LIFE)
  } else if (ping) ws.ping()
}
