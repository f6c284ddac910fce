/** Passing over the contents of an item: all that Yjs has is welcome, what would make it throw is not. */
import { InvalidUpdate, type Reader } from './reader.ts'

/** Contents by the number that Yjs gives them. */
export const Ref = {
  gc: 0,
  deleted: 1,
  json: 2,
  binary: 3,
  string: 4,
  embed: 5,
  format: 6,
  type: 7,
  any: 8,
  doc: 9,
  skip: 10,
} as const

/** Shared types by the number that Yjs gives them. */
export const TypeRef = { xmlElement: 3, xmlFragment: 4, xmlHook: 5, xmlText: 6 } as const

/** Values and JSON nest no deeper: what reads or writes them recurses. */
export const MAX_DEPTH = 100

/** Fields of a sub-document's options that would take the place of its name, or of a function. */
const FORBIDDEN_OPTIONS = new Set(['guid', 'gcFilter'])

const checkJsonDepth = (text: string): void => {
  let depth = 0
  let inText = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') inText = !inText
    else if (inText) at += character === '\\' ? 1 : 0
    else if ((character === '[' || character === '{') && ++depth > MAX_DEPTH) {
      throw new InvalidUpdate('JSON is nested too deep')
    } else if (character === ']' || character === '}') depth--
  }
}

/** @returns whether it is null or undefined */
const skipJson = (reader: Reader, undefinedToo: boolean): boolean => {
  const text = reader.text()
  if (undefinedToo && text === 'undefined') return true
  try {
    JSON.parse(text)
  } catch {
    throw new InvalidUpdate('JSON cannot be parsed')
  }
  if (text.length > 2 * MAX_DEPTH) checkJsonDepth(text)
  return text === 'null'
}

const skipFields = (reader: Reader, depth: number, forbidden: ReadonlySet<string> | null): void => {
  for (let fields = reader.varUint(); fields > 0; fields--) {
    if (forbidden === null) reader.skipText()
    else if (forbidden.has(reader.text())) throw new InvalidUpdate('a sub-document has an option that is not its own')
    skipAny(reader, depth)
  }
}

/** Whether null or undefined comes next. */
const isNothing = (reader: Reader): boolean => {
  const kind = reader.bytes[reader.at]
  return kind === 126 || kind === 127
}

/** @param depth values that this one lies in */
const skipAny = (reader: Reader, depth: number): void => {
  if (depth > MAX_DEPTH) throw new InvalidUpdate('a value is nested too deep')
  switch (reader.byte()) {
    case 127: // undefined
    case 126: // null
    case 121: // false
    case 120: // true
      return
    case 125:
      return reader.skipVarInt()
    case 124:
      return reader.skip(4)
    case 123: // a float
    case 122: // a big integer
      return reader.skip(8)
    case 119:
      reader.skipText()
      return
    case 118:
      return skipFields(reader, depth + 1, null)
    case 117:
      for (let values = reader.varUint(); values > 0; values--) skipAny(reader, depth + 1)
      return
    case 116:
      return reader.skip(reader.varUint())
    default:
      throw new InvalidUpdate('a value is of an unknown kind')
  }
}

const skipDoc = (reader: Reader): void => {
  reader.skipText()
  if (reader.byte() !== 118) throw new InvalidUpdate('the options of a sub-document are not an object')
  skipFields(reader, 1, FORBIDDEN_OPTIONS)
}

/** @returns whether it is one of the types that only XML holds */
const skipType = (reader: Reader): boolean => {
  const type = reader.varUint()
  if (type > TypeRef.xmlText) throw new InvalidUpdate('a shared type is of an unknown kind')
  if (type === TypeRef.xmlElement || type === TypeRef.xmlHook) reader.skipText()
  return type === TypeRef.xmlElement || type === TypeRef.xmlHook || type === TypeRef.xmlText
}

/**
 * Passes over one content.
 * @returns how many clocks it takes, negative for a type that only XML holds
 * @throws InvalidUpdate where it is malformed
 */
export const skipContent = (reader: Reader, ref: number): number => {
  switch (ref) {
    case Ref.string:
      return reader.skipText()
    case Ref.deleted:
      return reader.varUint()
    case Ref.json: {
      const length = reader.varUint()
      for (let i = 0; i < length; i++) if (skipJson(reader, true)) reader.passedNothing = true
      return length
    }
    case Ref.binary:
      reader.skip(reader.varUint())
      return 1
    case Ref.embed:
      if (skipJson(reader, false)) reader.passedNothing = true
      return 1
    case Ref.format:
      reader.skipText()
      skipJson(reader, false)
      return 1
    case Ref.type:
      return skipType(reader) ? -1 : 1
    case Ref.any: {
      const length = reader.varUint()
      for (let i = 0; i < length; i++) {
        if (isNothing(reader)) reader.passedNothing = true
        skipAny(reader, 0)
      }
      return length
    }
    case Ref.doc:
      skipDoc(reader)
      return 1
    default:
      throw new InvalidUpdate('an item has content of an unknown kind')
  }
}
