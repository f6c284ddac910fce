/**
 * What processes say to one another, as bytes: a version, who speaks, and entries one after another. Whoever does not know
 * the version leaves the message unread: what it missed, the poll brings.
 */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import type { Part } from '../log/port.ts'

/** Raised when entries change so that older code would misread them. */
export const MESSAGE_VERSION = 1

export type Entry =
  /** The page has been committed up to `seq`. */
  | { readonly kind: 'bell'; readonly roomId: string; readonly seq: number }
  /** I hold the page from now on, as far as `seq`: say who is with you, and ring if you know more. */
  | { readonly kind: 'hello'; readonly roomId: string; readonly seq: number }
  /** I hold the page no longer. */
  | { readonly kind: 'bye'; readonly roomId: string }
  /** Who is here with me: an awareness update. */
  | { readonly kind: 'presence'; readonly roomId: string; readonly update: Uint8Array }
  /** What was written here and may not be committed yet; none of the parts stands alone. */
  | { readonly kind: 'update'; readonly roomId: string; readonly epoch: number; readonly parts: readonly Part[] }

const KINDS = { bell: 1, hello: 2, bye: 3, presence: 4, update: 5 } as const

/** The message was written by code of another version, or by nobody who knows how. */
export class UnknownMessage extends Error {}

/** One entry as bytes. */
export const encodeEntry = (entry: Entry): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeUint8(encoder, KINDS[entry.kind])
    encoding.writeVarString(encoder, entry.roomId)
    switch (entry.kind) {
      case 'bell':
      case 'hello':
        return encoding.writeVarUint(encoder, entry.seq)
      case 'bye':
        return
      case 'presence':
        return encoding.writeVarUint8Array(encoder, entry.update)
      case 'update':
        encoding.writeVarUint(encoder, entry.epoch)
        encoding.writeVarUint(encoder, entry.parts.length)
        for (const { author, via, data } of entry.parts) {
          writeName(encoder, author)
          writeName(encoder, via)
          encoding.writeVarUint8Array(encoder, data)
        }
        return
      default:
        entry satisfies never
    }
  })

/** What every message of a process begins with. */
export const headOf = (nodeId: string): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, MESSAGE_VERSION)
    encoding.writeVarString(encoder, nodeId)
  })

/**
 * Reads a message.
 * @throws UnknownMessage when its version is not known, or it is not as that version says
 */
export const readMessage = (message: Uint8Array): { readonly from: string; readonly entries: readonly Entry[] } => {
  try {
    const decoder = decoding.createDecoder(message)
    const version = decoding.readVarUint(decoder)
    if (version !== MESSAGE_VERSION) throw new Error(`it is of version ${version}`)
    const from = decoding.readVarString(decoder)
    const entries: Entry[] = []
    while (decoding.hasContent(decoder)) entries.push(readEntry(decoder))
    return { from, entries }
  } catch (error) {
    throw new UnknownMessage(String(error), { cause: error })
  }
}

const readEntry = (decoder: decoding.Decoder): Entry => {
  const kind = decoding.readUint8(decoder)
  const roomId = decoding.readVarString(decoder)
  switch (kind) {
    case KINDS.bell:
      return { kind: 'bell', roomId, seq: decoding.readVarUint(decoder) }
    case KINDS.hello:
      return { kind: 'hello', roomId, seq: decoding.readVarUint(decoder) }
    case KINDS.bye:
      return { kind: 'bye', roomId }
    case KINDS.presence:
      return { kind: 'presence', roomId, update: decoding.readVarUint8Array(decoder) }
    case KINDS.update:
      return { kind: 'update', roomId, epoch: decoding.readVarUint(decoder), parts: readParts(decoder) }
    default:
      throw new Error(`an entry of kind ${kind}`)
  }
}

const readParts = (decoder: decoding.Decoder): Part[] => {
  const parts: Part[] = []
  for (let count = decoding.readVarUint(decoder); count > 0; count--) {
    const author = readName(decoder)
    const via = readName(decoder)
    // A copy: what is kept must not keep the whole message.
    parts.push({ author, via, data: decoding.readVarUint8Array(decoder).slice() })
  }
  return parts
}

/** Nobody and a user without a name differ. */
const writeName = (encoder: encoding.Encoder, name: string | null): void => {
  encoding.writeUint8(encoder, name === null ? 0 : 1)
  if (name !== null) encoding.writeVarString(encoder, name)
}

const readName = (decoder: decoding.Decoder): string | null =>
  decoding.readUint8(decoder) === 0 ? null : decoding.readVarString(decoder)
