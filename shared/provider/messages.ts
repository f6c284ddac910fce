/** What a service of `scriptorium.v1` sends. */
import * as decoding from 'lib0/decoding'
import { type MemberState, Message, type RefusalCode, Sync } from '../protocol.ts'

export type ServerMessage =
  | { readonly type: 'step1'; readonly stateVector: Uint8Array }
  | { readonly type: 'step2' | 'update'; readonly update: Uint8Array }
  | { readonly type: 'awareness'; readonly update: Uint8Array }
  | { readonly type: 'denied'; readonly reason: string }
  | { readonly type: 'saved'; readonly n: number }
  | { readonly type: 'refused'; readonly n: number; readonly code: RefusalCode; readonly reason: string }
  | { readonly type: 'state'; readonly state: MemberState }
  | { readonly type: 'part'; readonly total: number; readonly bytes: Uint8Array }
  /** Of a later version; passed over. */
  | { readonly type: 'unknown' }

/** Decodes one frame. @throws Error when it is truncated */
export const readServerMessage = (frame: Uint8Array): ServerMessage => {
  const decoder = decoding.createDecoder(frame)
  switch (decoding.readVarUint(decoder)) {
    case Message.sync: {
      const kind = decoding.readVarUint(decoder)
      const body = decoding.readVarUint8Array(decoder)
      if (kind === Sync.step1) return { type: 'step1', stateVector: body }
      return { type: kind === Sync.step2 ? 'step2' : 'update', update: body }
    }
    case Message.awareness:
      return { type: 'awareness', update: decoding.readVarUint8Array(decoder) }
    case Message.auth:
      decoding.readVarUint(decoder)
      return { type: 'denied', reason: decoding.readVarString(decoder) }
    case Message.saved:
      return { type: 'saved', n: decoding.readVarUint(decoder) }
    case Message.refused:
      return {
        type: 'refused',
        n: decoding.readVarUint(decoder),
        code: decoding.readVarString(decoder) as RefusalCode,
        reason: decoding.readVarString(decoder),
      }
    case Message.state:
      return { type: 'state', state: JSON.parse(decoding.readVarString(decoder)) as MemberState }
    case Message.part:
      return { type: 'part', total: decoding.readVarUint(decoder), bytes: decoding.readVarUint8Array(decoder) }
    default:
      return { type: 'unknown' }
  }
}
