/** Closing a socket so that its client knows why. */
import type { WebSocket } from 'ws'
import { Close, type CloseCode, closeReason, deniedMessage } from '../shared/protocol.ts'
import type { Refusal } from './access.ts'
import type { Member } from './room/member.ts'

/** Closed with one of these, a stock client of 1.x or 2.x comes again at once and brings the same. */
export const STUBBORN: ReadonlySet<CloseCode> = new Set([
  Close.badMessage,
  Close.unauthorized,
  Close.forbidden,
  Close.deleted,
  Close.tooLarge,
])
/** Of those, message 2 precedes them. */
const DENIALS: ReadonlySet<CloseCode> = new Set([Close.unauthorized, Close.forbidden, Close.deleted])

/** Closes a socket that is still open, paused or not. */
export const refuse = (ws: WebSocket, code: CloseCode, text: string, retryAfterMs?: number): void => {
  if (ws.readyState !== ws.OPEN) return
  if (DENIALS.has(code)) ws.send(deniedMessage(text))
  // A paused socket would never read the client's answer to the close frame.
  ws.resume()
  ws.close(code, closeReason(code, text, retryAfterMs))
}

/** Closes a socket whose caller may not stay. @param retryAfterMs where they may come again */
export const turnAway = (socket: Pick<Member, 'close'>, refusal: Refusal, retryAfterMs: number): void => {
  if ('again' in refusal) return socket.close(Close.overloaded, refusal.again, retryAfterMs)
  if ('denied' in refusal) return socket.close(Close.forbidden, refusal.denied)
  socket.close(Close.unauthorized, refusal.refused)
}
