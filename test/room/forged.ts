/** Updates as a hostile client may forge them: well-formed or nearly so, with references and contents at random. */
import * as encoding from 'lib0/encoding'
import type { Random } from '../support/random.ts'

const NAMES = ['text', 'rich', 'array', 'map', 'xml', 'forged', '']
const JSONS = ['null', '{}', '[1,{"a":[]}]', '"\\ud800"', 'undefined', '{', '1e999']
const TEXTS = ['a', 'word', 'ä', '🦊🦊', '', '\u0000', '汉字']

/** Something outside what an honest client sends, now and then. */
const RARELY = 0.004

const writeId = (
  encoder: encoding.Encoder,
  random: Random,
  clients: readonly number[],
  end: (client: number) => number,
) => {
  const client = random.pick(clients)
  encoding.writeVarUint(encoder, client)
  encoding.writeVarUint(encoder, random.below(end(client) + (random.chance(0.02) ? 3 : 0)))
}

const writeAny = (encoder: encoding.Encoder, random: Random): void =>
  encoding.writeAny(
    encoder,
    random.pick([1, -5, 2.5, 'text', null, undefined, true, { a: [1, { b: null }] }, [], new Uint8Array([1])]),
  )

const writeOptions = (encoder: encoding.Encoder, random: Random): void =>
  encoding.writeAny(
    encoder,
    random.pick([{}, { gc: false }, { autoLoad: true }, { meta: { a: 1 } }, random.chance(0.05) ? null : {}]),
  )

/** Writes a content of a random kind. @returns its kind and its length in clocks */
const writeContent = (encoder: encoding.Encoder, random: Random): { ref: number; length: number } => {
  const ref = random.chance(RARELY) ? random.below(32) : 1 + random.below(9)
  const length = random.chance(RARELY) ? 0 : 1 + random.below(4)
  switch (ref) {
    case 1:
      encoding.writeVarUint(encoder, length)
      return { ref, length }
    case 2:
    case 8:
      encoding.writeVarUint(encoder, length)
      for (let i = 0; i < length; i++) {
        if (ref === 8) writeAny(encoder, random)
        else encoding.writeVarString(encoder, random.pick(random.chance(RARELY) ? JSONS : JSONS.slice(0, 5)))
      }
      return { ref, length }
    case 3:
      encoding.writeVarUint8Array(encoder, random.bytes(length))
      return { ref, length: 1 }
    case 4: {
      const text = random.pick(random.chance(RARELY) ? TEXTS : TEXTS.slice(0, 4))
      encoding.writeVarString(encoder, text)
      return { ref, length: text.length }
    }
    case 6:
      encoding.writeVarString(encoder, random.pick(['bold', 'link', '__proto__']))
      encoding.writeVarString(encoder, random.pick(JSONS.slice(0, 4)))
      return { ref, length: 1 }
    case 5:
      encoding.writeVarString(encoder, random.pick(random.chance(RARELY) ? JSONS : JSONS.slice(0, 4)))
      return { ref, length: 1 }
    case 7: {
      const type = random.below(random.chance(RARELY) ? 9 : 7)
      encoding.writeVarUint(encoder, type)
      if (type === 3 || type === 5) encoding.writeVarString(encoder, random.pick(TEXTS))
      return { ref, length: 1 }
    }
    case 9:
      encoding.writeVarString(encoder, random.pick(['guid', '']))
      writeOptions(encoder, random)
      return { ref, length: 1 }
    default:
      return { ref, length }
  }
}

/** Writes a struct. @returns its length in clocks */
const writeStruct = (
  encoder: encoding.Encoder,
  random: Random,
  clients: readonly number[],
  end: (client: number) => number,
): number => {
  if (random.chance(0.05)) {
    const length = 1 + random.below(4)
    encoding.writeUint8(encoder, random.chance(0.1) ? 10 : 0)
    encoding.writeVarUint(encoder, length)
    return length
  }
  const content = encoding.createEncoder()
  const { ref, length } = writeContent(content, random)
  const known = clients.filter((client) => end(client) > 0)
  const hasOrigin = known.length > 0 && random.chance(0.5)
  const hasRightOrigin = known.length > 0 && random.chance(0.4)
  const hasKey = random.chance(0.2)
  encoding.writeUint8(encoder, ref | (hasOrigin ? 128 : 0) | (hasRightOrigin ? 64 : 0) | (hasKey ? 32 : 0))
  if (hasOrigin) writeId(encoder, random, known, end)
  if (hasRightOrigin) writeId(encoder, random, known, end)
  if (!hasOrigin && !hasRightOrigin) {
    const isInside = known.length > 0 && random.chance(0.5)
    encoding.writeVarUint(encoder, isInside ? 0 : random.chance(RARELY) ? 2 : 1)
    if (isInside) writeId(encoder, random, known, end)
    else encoding.writeVarString(encoder, random.pick(NAMES))
    if (hasKey) encoding.writeVarString(encoder, random.pick(['a', 'b', '__proto__']))
  }
  encoding.writeUint8Array(encoder, encoding.toUint8Array(content))
  return length
}

/** A forged update of some of `clients` over what a page holds. */
export const forge = (
  random: Random,
  clients: readonly number[],
  stateVector: ReadonlyMap<number, number>,
): Uint8Array => {
  const ends = new Map(stateVector)
  const end = (client: number): number => ends.get(client) ?? 0
  const writers = clients.filter(() => random.chance(0.4))
  if (!random.chance(0.1)) writers.sort((a, b) => b - a)
  if (writers.length > 0 && random.chance(RARELY)) writers.push(writers[0] as number)
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, writers.length)
  for (const client of writers) {
    const structs = encoding.createEncoder()
    const count = random.chance(RARELY) ? 0 : 1 + random.below(6)
    const from = Math.max(0, end(client) + (random.chance(0.05) ? random.below(7) - 3 : 0))
    let clock = from
    for (let i = 0; i < count; i++) {
      clock += writeStruct(structs, random, clients, end)
      ends.set(client, Math.max(clock, end(client)))
    }
    encoding.writeVarUint(encoder, count)
    encoding.writeVarUint(encoder, client)
    encoding.writeVarUint(encoder, from)
    encoding.writeUint8Array(encoder, encoding.toUint8Array(structs))
  }
  writeDeletes(
    encoder,
    random,
    clients.filter(() => random.chance(0.2)),
    end,
  )
  return encoding.toUint8Array(encoder)
}

const writeDeletes = (
  encoder: encoding.Encoder,
  random: Random,
  clients: readonly number[],
  end: (client: number) => number,
): void => {
  encoding.writeVarUint(encoder, clients.length)
  for (const client of clients) {
    const count = 1 + random.below(3)
    encoding.writeVarUint(encoder, client)
    encoding.writeVarUint(encoder, count)
    for (let i = 0; i < count; i++) {
      encoding.writeVarUint(encoder, random.below(end(client) + 1))
      encoding.writeVarUint(encoder, 1 + random.below(3))
    }
  }
}
