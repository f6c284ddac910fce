/** Messages that no honest client sends. */
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { awarenessMessage, Message, Sync, syncMessage } from '../../shared/protocol.ts'
import { randomEdit } from './edits.ts'
import type { Random } from './random.ts'

const HUGE = 2 ** 31
const CLIENT = 77

const bytes = (write: (encoder: encoding.Encoder) => void): Uint8Array => encoding.encode(write)

const numbers = (...values: readonly number[]): Uint8Array =>
  bytes((encoder) => {
    for (const value of values) encoding.writeVarUint(encoder, value)
  })

/** An update of one struct of `kind` in a root array, with `body` as its content. */
const update = (kind: number, body: (encoder: encoding.Encoder) => void): Uint8Array =>
  bytes((encoder) => {
    for (const value of [1, 1, CLIENT, 0]) encoding.writeVarUint(encoder, value)
    encoding.writeUint8(encoder, kind)
    encoding.writeVarUint(encoder, 1)
    encoding.writeVarString(encoder, 'array')
    body(encoder)
    encoding.writeVarUint(encoder, 0)
  })

const ANY = 8
const STRING = 4
const JSON_TEXTS = 2
const DELETED = 1

const deeplyNested = (encoder: encoding.Encoder): void => {
  encoding.writeVarUint(encoder, 1)
  for (let depth = 0; depth < 50_000; depth++) {
    encoding.writeUint8(encoder, 117)
    encoding.writeVarUint(encoder, 1)
  }
  encoding.writeUint8(encoder, 126)
}

/** Frames that cannot be read. */
export const unreadableFrames: readonly (readonly [string, Uint8Array | string])[] = [
  ['nothing', new Uint8Array()],
  ['a text frame', 'hello'],
  ['an unknown type', numbers(99, 1, 2)],
  ['a type of the service', numbers(Message.saved, 5)],
  ['an unknown kind of sync', numbers(Message.sync, 9, 0)],
  ['a type without a body', numbers(Message.sync)],
  ['an update that claims 2 GB', numbers(Message.sync, Sync.update, HUGE, 1, 2)],
  ['a state vector of 2 billion clients', syncMessage(Sync.step1, numbers(HUGE, 1, 1))],
  ['a state vector that ends early', syncMessage(Sync.step1, numbers(3, 1))],
  ['presence of 2 billion clients', awarenessMessage(numbers(HUGE, 1, 1))],
  ['presence longer than its message', awarenessMessage(numbers(1, 5, 1, HUGE))],
  ['bytes after the message', new Uint8Array([...syncMessage(Sync.step1, numbers(0)), 7])],
  ['a number without an end', new Uint8Array(12).fill(255)],
]

/** Updates that a frame carries well, and no page may hold. */
export const poisonedUpdates: readonly (readonly [string, Uint8Array])[] = [
  ['nothing at all', new Uint8Array()],
  ['2 billion clients', numbers(HUGE, 1)],
  ['2 billion structs', numbers(1, HUGE, CLIENT, 0)],
  ['2 billion deletes', numbers(0, 1, CLIENT, HUGE)],
  ['text longer than the update', update(STRING, (encoder) => encoding.writeVarUint(encoder, HUGE))],
  ['2 billion values', update(ANY, (encoder) => encoding.writeVarUint(encoder, HUGE))],
  ['a value nested 50,000 deep', update(ANY, deeplyNested)],
  ['a deleted run of no length', update(DELETED, (encoder) => encoding.writeVarUint(encoder, 0))],
  [
    'JSON that is none',
    update(JSON_TEXTS, (encoder) => {
      encoding.writeVarUint(encoder, 1)
      encoding.writeVarString(encoder, '{"open')
    }),
  ],
  ['an unknown kind of content', update(11 + 16, (encoder) => encoding.writeVarUint(encoder, 1))],
  ['bytes after its end', new Uint8Array([0, 0, 1, 2, 3])],
]

/** Honest updates of one writer, in order. */
export const honestUpdates = (random: Random, count: number): Uint8Array[] => {
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (made: Uint8Array) => updates.push(made))
  while (updates.length < count) randomEdit(doc, random)
  return updates
}

/** The update with something wrong somewhere in it. */
export const mutated = (honest: Uint8Array, random: Random): Uint8Array => {
  const wrong = [...honest]
  for (let times = 1 + random.below(3); times > 0; times--) {
    const at = random.below(wrong.length)
    const way = random.below(5)
    if (way === 0) wrong[at] = random.below(256)
    else if (way === 1) wrong[at] = ((wrong[at] ?? 0) + random.pick([1, 255])) % 256
    else if (way === 2) wrong.splice(at, 1 + random.below(3))
    else if (way === 3) wrong.splice(at, 0, ...random.bytes(1 + random.below(3)))
    else wrong.length = at
  }
  return Uint8Array.from(wrong)
}
