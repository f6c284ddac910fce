/** Updates that are well-formed enough to be read, and made to break whoever believes them. */
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { randomEdit } from './edits.ts'
import type { Random } from './random.ts'

/** What a forger knows of a page: its clients and their clocks. */
export interface Target {
  readonly random: Random
  readonly stateVector: ReadonlyMap<number, number>
}

type Encoder = encoding.Encoder
type Id = readonly [client: number, clock: number]

const GC = 0
const DELETED = 1
const JSON_TEXTS = 2
const STRING = 4
const EMBED = 5
const FORMAT = 6
const TYPE = 7
const ANY = 8
const DOC = 9
const SKIP = 10
const FRESH = 2 ** 31 + 99

const uint = encoding.writeVarUint
const text = encoding.writeVarString
const built = (write: (encoder: Encoder) => void): Uint8Array => encoding.encode(write)

interface Struct {
  readonly ref: number
  readonly origin?: Id
  readonly right?: Id
  readonly parent?: Id | string
  readonly key?: string
  readonly content: (encoder: Encoder) => void
}

const writeStruct = (encoder: Encoder, { ref, origin, right, parent = 'array', key, content }: Struct): void => {
  encoding.writeUint8(encoder, ref | (origin ? 128 : 0) | (right ? 64 : 0) | (key === undefined ? 0 : 32))
  for (const id of [origin, right]) if (id !== undefined) for (const part of id) uint(encoder, part)
  if (origin === undefined && right === undefined) {
    uint(encoder, typeof parent === 'string' ? 1 : 0)
    if (typeof parent === 'string') text(encoder, parent)
    else for (const part of parent) uint(encoder, part)
    if (key !== undefined) text(encoder, key)
  }
  content(encoder)
}

/** An update of one client's structs, from `clock` on; `deletes` as client, clock, length. */
const update = (
  [client, clock]: Id,
  structs: readonly Struct[],
  deletes: readonly (readonly [number, number, number])[] = [],
): Uint8Array =>
  built((encoder) => {
    uint(encoder, structs.length === 0 ? 0 : 1)
    if (structs.length > 0) for (const part of [structs.length, client, clock]) uint(encoder, part)
    for (const struct of structs) writeStruct(encoder, struct)
    uint(encoder, deletes.length)
    for (const [of, from, length] of deletes) for (const part of [of, 1, from, length]) uint(encoder, part)
  })

const known = ({ random, stateVector }: Target): Id => {
  const [client, clock] = random.pick([...stateVector])
  return [client, random.below(clock)]
}

/** Where some client goes on, or a new one begins. */
const next = ({ random, stateVector }: Target): Id =>
  random.chance(0.5) ? [FRESH + random.below(1000), 0] : random.pick([...stateVector])

const word = (encoder: Encoder): void => text(encoder, 'x')
const any = (value: unknown) => (encoder: Encoder) => {
  uint(encoder, 1)
  encoding.writeAny(encoder, value as Parameters<typeof encoding.writeAny>[1])
}

const nestedAny = (depth: number) => (encoder: Encoder) => {
  uint(encoder, 1)
  for (let n = 0; n < depth; n++) {
    encoding.writeUint8(encoder, 117)
    uint(encoder, 1)
  }
  encoding.writeUint8(encoder, 126)
}

/** Each makes one poisoned update of its kind. */
export const STRUCTURES: Readonly<Record<string, (target: Target) => Uint8Array>> = {
  'an own origin in the future': (target) => {
    const [client, clock] = next(target)
    const ahead: Id = [client, clock + target.random.below(5)]
    const at = target.random.chance(0.5) ? { origin: ahead } : { right: ahead }
    return update([client, clock], [{ ref: STRING, ...at, content: word }])
  },
  'another’s origin in the future': (target) => {
    const [client, clock] = target.random.pick([...target.stateVector])
    return update(next(target), [{ ref: STRING, origin: [client, clock + target.random.below(9)], content: word }])
  },
  'a delete beyond the state vector': (target) => {
    const [client, clock] = target.random.pick([...target.stateVector])
    const from = target.random.below(clock + 3)
    return update([1, 0], [], [[client, from, clock - Math.min(from, clock) + 1 + target.random.below(2 ** 20)]])
  },
  'a delete of a client that there is not': ({ random }) =>
    update([1, 0], [], [[FRESH + 5000, 0, 1 + random.below(99)]]),
  'a type that is taken for another': (target) => {
    const { random } = target
    const content = random.pick<Omit<Struct, 'origin' | 'parent'>>([
      { ref: TYPE, content: (encoder) => uint(encoder, random.below(7)) },
      { ref: FORMAT, content: (encoder) => [text(encoder, 'bold'), text(encoder, 'true')] },
      { ref: EMBED, content: (encoder) => text(encoder, '{"image":1}') },
      { ref: ANY, content: any({ a: 1 }), key: 'a' },
      { ref: ANY, content: any(1) },
      { ref: DOC, content: (encoder) => [text(encoder, 'guid'), encoding.writeAny(encoder, {})] },
      { ref: DELETED, content: (encoder) => uint(encoder, 1 + random.below(3)) },
    ])
    const parent = random.chance(0.5) ? known(target) : random.pick(['text', 'rich', 'array', 'map', 'xml'])
    const place = random.chance(0.3) ? { origin: known(target) } : { parent }
    return update(next(target), [{ ...content, ...place }])
  },
  'two neighbours in different places': (target) =>
    update(next(target), [{ ref: STRING, origin: known(target), right: known(target), content: word }]),
  'counts that are huge': ({ random }) => {
    const huge = random.pick([2 ** 31, 2 ** 32 - 1, 2 ** 45, Number.MAX_SAFE_INTEGER])
    return random.pick<() => Uint8Array>([
      () => built((encoder) => [uint(encoder, huge), uint(encoder, 1)]),
      () => built((encoder) => [uint(encoder, 1), uint(encoder, huge), uint(encoder, 7), uint(encoder, 0)]),
      () => built((encoder) => [uint(encoder, 0), uint(encoder, huge)]),
      () =>
        update([7, 0], [{ ref: random.pick([ANY, JSON_TEXTS, STRING]), content: (encoder) => uint(encoder, huge) }]),
      () => update([7, 0], [{ ref: random.pick([DELETED, GC, SKIP]), content: (encoder) => uint(encoder, huge) }]),
      () => update([7, huge], [{ ref: STRING, content: word }]),
      () => update([huge, 0], [{ ref: STRING, content: word }]),
      () => update([7, 0], [], [[7, huge - 1, 1]]),
    ])()
  },
  'values nested deep': (target) => {
    const { random } = target
    const depth = 1 + random.below(random.pick([20, 200, 5000]))
    return random.pick<() => Uint8Array>([
      () => update(next(target), [{ ref: ANY, content: nestedAny(depth) }]),
      () =>
        update(next(target), [
          { ref: EMBED, content: (encoder) => text(encoder, '['.repeat(depth) + ']'.repeat(depth)) },
        ]),
      () =>
        update(next(target), [
          {
            ref: JSON_TEXTS,
            content: (encoder) => [uint(encoder, 1), text(encoder, `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)],
          },
        ]),
    ])()
  },
  'types nested deep': (target) => {
    const [client, clock] = next(target)
    const depth = 1 + target.random.below(target.random.pick([50, 400, 1500]))
    const structs = Array.from(
      { length: depth },
      (_, n): Struct => ({
        ref: TYPE,
        parent: n === 0 ? 'array' : [client, clock + n - 1],
        content: (encoder) => uint(encoder, 0),
      }),
    )
    return update([client, clock], structs)
  },
  'a flood of root names': (target) => {
    const { random } = target
    const count = 1 + random.below(random.pick([10, 1200, 3000]))
    const names = Array.from({ length: count }, (_, n) => `root ${random.below(10_000)} ${n}`)
    return update(
      next(target),
      names.map((parent) => ({ ref: STRING, parent, content: word })),
    )
  },
  'names of some kB': (target) => {
    const name = 'n'.repeat(target.random.below(9000))
    const place = target.random.chance(0.5) ? { parent: name } : { parent: 'map', key: name }
    return update(next(target), [{ ref: ANY, ...place, content: any(1) }])
  },
  'skips and collected structs': (target) => {
    const { random } = target
    const structs = Array.from(
      { length: 1 + random.below(4) },
      (): Struct =>
        random.chance(0.3)
          ? { ref: STRING, parent: 'text', content: word }
          : {
              ref: random.pick([SKIP, GC, SKIP | 128, GC | 64]),
              parent: '',
              content: (encoder) => uint(encoder, random.below(4)),
            },
    )
    return built((encoder) => {
      const [client, clock] = next(target)
      for (const part of [1, structs.length, client, clock]) uint(encoder, part)
      for (const { ref, content, ...rest } of structs) {
        if (ref === STRING) writeStruct(encoder, { ref, content, ...rest })
        else {
          encoding.writeUint8(encoder, ref)
          content(encoder)
        }
      }
      uint(encoder, 0)
    })
  },
  'bytes of V2': ({ random }) => {
    const doc = new Y.Doc()
    for (let n = 0; n < 3; n++) randomEdit(doc, random)
    return Y.encodeStateAsUpdateV2(doc)
  },
  'big integers': (target) => {
    const value = BigInt(target.random.below(2 ** 31)) * 2n ** 31n
    const place = target.random.chance(0.5) ? { parent: 'map', key: 'a' } : { parent: 'array' }
    return update(next(target), [
      { ref: ANY, ...place, content: any(target.random.chance(0.5) ? value : { deep: [value] }) },
    ])
  },
  'names that every object has': (target) => {
    const { random } = target
    const name = random.pick(['__proto__', 'constructor', 'toString', 'toJSON', 'hasOwnProperty', 'length', 'then'])
    const value = random.pick<unknown>([{ [name]: { admin: true } }, JSON.parse(`{"${name}":{"admin":true}}`), name])
    return random.pick<() => Uint8Array>([
      () => update(next(target), [{ ref: ANY, parent: 'map', key: name, content: any(value) }]),
      () => update(next(target), [{ ref: ANY, parent: name, content: any(value) }]),
      () => update(next(target), [{ ref: STRING, parent: name, content: word }]),
      () =>
        update(next(target), [
          {
            ref: FORMAT,
            parent: 'rich',
            content: (encoder) => [text(encoder, name), text(encoder, '{"__proto__":1}')],
          },
        ]),
      () =>
        update(next(target), [
          { ref: TYPE, parent: 'xml', content: (encoder) => [uint(encoder, 3), text(encoder, name)] },
        ]),
    ])()
  },
  'the same client twice': (target) => {
    const [client, clock] = next(target)
    return built((encoder) => {
      uint(encoder, 2)
      for (let n = 0; n < 2; n++) {
        for (const part of [1, client, clock + n]) uint(encoder, part)
        writeStruct(encoder, { ref: STRING, parent: 'text', content: word })
      }
      uint(encoder, 0)
    })
  },
  'texts that are no texts': (target) => {
    const broken = target.random.pick([
      [0xff],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf0, 0x9f, 0xa6],
      [0xf5, 0x80, 0x80, 0x80],
    ])
    return update(next(target), [
      { ref: STRING, content: (encoder) => encoding.writeVarUint8Array(encoder, Uint8Array.from(broken)) },
    ])
  },
}
