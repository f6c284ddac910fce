/** The wire: y-websocket's messages as y-protocols has them, and those only clients of `scriptorium.v1` hear. */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { putVarUint, varUintSize } from './varuint.ts'

/** WebSocket subprotocol of clients that know messages 4 to 8. */
export const SUBPROTOCOL = 'scriptorium.v1'

/** A subprotocol that begins so carries a token. */
export const TOKEN_PREFIX = 'scriptorium.token.'

export const Message = {
  sync: 0,
  awareness: 1,
  auth: 2,
  queryAwareness: 3,
  saved: 4,
  refused: 5,
  token: 6,
  state: 7,
  part: 8,
} as const
export const Sync = { step1: 0, step2: 1, update: 2 } as const

/** Why a message was not stored (message 5). */
export type RefusalCode =
  | 'invalid'
  | 'gap'
  | 'stuck'
  | 'read-only'
  | 'frozen'
  | 'owner'
  | 'too-large'
  | 'rate'
  | 'deleted'

/** Close codes. 4400 to 4499: act first; all others: try again. */
export const Close = {
  tooBig: 1009,
  restart: 1012,
  overloaded: 1013,
  badMessage: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  deleted: 4404,
  replaced: 4409,
  tooLarge: 4413,
  rateLimited: 4529,
} as const
export type CloseCode = (typeof Close)[keyof typeof Close]

const CLOSE_REASON_BYTES = 120

/** The JSON reason of a close frame, at most 120 bytes: the text is shortened to fit. */
export const closeReason = (code: CloseCode, text: string, retryAfterMs?: number): string => {
  // Not made with the module: engines of phones have none, and never close with a reason.
  const utf8 = new TextEncoder()
  for (let words = text; ; words = words.slice(0, -1)) {
    const json = JSON.stringify({ code, text: words, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
    if (utf8.encode(json).length <= CLOSE_REASON_BYTES) return json
  }
}

const framed = (write: (encoder: encoding.Encoder) => void): Uint8Array => encoding.encode(write)

/** Type and kind of a message are below 128: a byte each. Such messages leave by the thousand, so they are made in place. */
const headed = (head: readonly number[], body: Uint8Array): Uint8Array => {
  const at = head.length + varUintSize(body.length)
  const message = new Uint8Array(at + body.length)
  message.set(head)
  putVarUint(message, head.length, body.length)
  message.set(body, at)
  return message
}

/** Frames a Yjs update or state vector as a sync message. */
export const syncMessage = (kind: (typeof Sync)[keyof typeof Sync], body: Uint8Array): Uint8Array =>
  headed([Message.sync, kind], body)

/** A message in two pieces, so that a large body is not copied for its few bytes of head. */
export type HeadAndBody = readonly [head: Uint8Array, body: Uint8Array]

/** The head of a sync message whose body has `length` bytes. */
export const syncHead = (kind: (typeof Sync)[keyof typeof Sync], length: number): Uint8Array =>
  framed((encoder) => {
    encoding.writeVarUint(encoder, Message.sync)
    encoding.writeVarUint(encoder, kind)
    encoding.writeVarUint(encoder, length)
  })

/** The head of message 8: the next `length` bytes of a large first sync of `total` bytes. */
export const partHead = (total: number, length: number): Uint8Array =>
  framed((encoder) => {
    encoding.writeVarUint(encoder, Message.part)
    encoding.writeVarUint(encoder, total)
    encoding.writeVarUint(encoder, length)
  })

/** Frames an awareness update. */
export const awarenessMessage = (body: Uint8Array): Uint8Array => headed([Message.awareness], body)

/** Message 2: permission denied, with a reason. */
export const deniedMessage = (reason: string): Uint8Array =>
  framed((encoder) => {
    encoding.writeVarUint(encoder, Message.auth)
    encoding.writeVarUint(encoder, 0)
    encoding.writeVarString(encoder, reason)
  })

/** Message 4: every message up to `n` is settled. */
export const savedMessage = (n: number): Uint8Array => {
  const message = new Uint8Array(1 + varUintSize(n))
  message[0] = Message.saved
  putVarUint(message, 1, n)
  return message
}

/** Message 5: message `n` was not stored. */
export const refusedMessage = (n: number, code: RefusalCode, reason: string): Uint8Array =>
  framed((encoder) => {
    encoding.writeVarUint(encoder, Message.refused)
    encoding.writeVarUint(encoder, n)
    encoding.writeVarString(encoder, code)
    encoding.writeVarString(encoder, reason)
  })

/** What a member may do here and now (message 7). */
export interface MemberState {
  readonly role: 'read' | 'write' | 'manage'
  readonly frozen: boolean
  readonly reason?: string
  readonly pageBytes: number
}

/** Message 7: the member's state, at open and at each change. */
export const stateMessage = (state: MemberState): Uint8Array =>
  framed((encoder) => {
    encoding.writeVarUint(encoder, Message.state)
    encoding.writeVarString(encoder, JSON.stringify(state))
  })

/** Message 6: a fresh token for this socket. */
export const tokenMessage = (token: string): Uint8Array =>
  framed((encoder) => {
    encoding.writeVarUint(encoder, Message.token)
    encoding.writeVarString(encoder, token)
  })

/** A frame from a client, decoded whole. */
export type ClientMessage =
  | { readonly type: 'step1'; readonly stateVector: Uint8Array }
  | { readonly type: 'step2' | 'update'; readonly update: Uint8Array }
  | { readonly type: 'awareness'; readonly update: Uint8Array }
  | { readonly type: 'queryAwareness' }
  | { readonly type: 'token'; readonly token: string }

/**
 * Decodes one frame of a client.
 * @throws Error when it is truncated, of an unknown type, or has bytes left over
 */
export const readClientMessage = (frame: Uint8Array): ClientMessage => {
  const decoder = decoding.createDecoder(frame)
  const message = readBody(decoder)
  if (decoding.hasContent(decoder)) throw new Error('bytes are left over after the message')
  return message
}

const readBody = (decoder: decoding.Decoder): ClientMessage => {
  const type = decoding.readVarUint(decoder)
  switch (type) {
    case Message.sync: {
      const kind = decoding.readVarUint(decoder)
      const body = decoding.readVarUint8Array(decoder)
      if (kind === Sync.step1) return { type: 'step1', stateVector: body }
      if (kind === Sync.step2) return { type: 'step2', update: body }
      if (kind === Sync.update) return { type: 'update', update: body }
      throw new Error(`sync message of unknown kind ${kind}`)
    }
    case Message.awareness:
      return { type: 'awareness', update: decoding.readVarUint8Array(decoder) }
    case Message.queryAwareness:
      return { type: 'queryAwareness' }
    case Message.token:
      return { type: 'token', token: decoding.readVarString(decoder) }
    default:
      throw new Error(`message of unknown type ${type}`)
  }
}
