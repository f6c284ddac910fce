/**
 * One strict pass over a Yjs V1 update: where each struct lies, what it needs, what is deleted.
 * The format is that of yjs/src/utils/updates.js and yjs/src/structs/*.js.
 */
import { Cursor } from './cursor.ts'
import { type DeleteRange, readDeletes } from './deletes.ts'

/** A struct of an update. Its bytes are from..to. */
export interface Struct {
  readonly clock: number
  readonly length: number
  readonly from: number
  readonly to: number
  /** A Skip: a hole where the sender lacks something. */
  readonly isSkip: boolean
  /** Origin, right origin and parent: client, clock, client, clock … */
  readonly needs: readonly number[]
}

/** The structs of one client, in clock order without holes (a hole is a Skip). */
export interface Block {
  readonly client: number
  readonly structs: readonly Struct[]
  /** The clock after the last struct. */
  readonly end: number
}

export interface ScannedUpdate {
  readonly blocks: readonly Block[]
  readonly deletes: readonly DeleteRange[]
  /** Where the delete set begins. */
  readonly deletesAt: number
}

const MAX_NAME_BYTES = 1024
/** Every root name is a type that each reader creates. */
const MAX_ROOTS = 1000

const NO_NEEDS: readonly number[] = []

/** @throws InvalidUpdate */
export const scanUpdate = (bytes: Uint8Array): ScannedUpdate => {
  const cursor = new Cursor(bytes)
  const blocks: Block[] = []
  const clients = new Set<number>()
  const roots = new Set<string>()
  for (let count = cursor.varUint(); count > 0; count--) {
    const block = scanBlock(cursor, roots)
    if (clients.has(block.client)) cursor.fail(`client ${block.client} stands twice`)
    clients.add(block.client)
    blocks.push(block)
  }
  const deletesAt = cursor.at
  const deletes = readDeletes(cursor)
  cursor.end()
  return { blocks, deletes, deletesAt }
}

const scanBlock = (cursor: Cursor, roots: Set<string>): Block => {
  const count = cursor.length()
  const client = cursor.varUint()
  let clock = cursor.varUint()
  const structs: Struct[] = []
  for (let i = 0; i < count; i++) {
    const struct = scanStruct(cursor, clock, roots)
    clock += struct.length
    cursor.checkClock(clock)
    structs.push(struct)
  }
  return { client, structs, end: clock }
}

const GC = 0
const SKIP = 10
const REF = 0x1f
const HAS_PARENT_SUB = 0x20
const HAS_RIGHT_ORIGIN = 0x40
const HAS_ORIGIN = 0x80

const scanStruct = (cursor: Cursor, clock: number, roots: Set<string>): Struct => {
  const from = cursor.at
  const info = cursor.byte()
  const ref = info & REF
  if (ref === GC || ref === SKIP) {
    const length = cursor.length()
    return { clock, length, from, to: cursor.at, isSkip: ref === SKIP, needs: NO_NEEDS }
  }
  const needs: number[] = []
  if ((info & HAS_ORIGIN) !== 0) needs.push(cursor.varUint(), cursor.varUint())
  if ((info & HAS_RIGHT_ORIGIN) !== 0) needs.push(cursor.varUint(), cursor.varUint())
  if (needs.length === 0) {
    scanParent(cursor, needs, roots)
    if ((info & HAS_PARENT_SUB) !== 0) cursor.name(MAX_NAME_BYTES)
  }
  const length = scanContent(cursor, ref)
  return { clock, length, from, to: cursor.at, isSkip: false, needs }
}

const scanParent = (cursor: Cursor, needs: number[], roots: Set<string>): void => {
  const kind = cursor.varUint()
  if (kind === 0) needs.push(cursor.varUint(), cursor.varUint())
  else if (kind === 1) {
    roots.add(cursor.name(MAX_NAME_BYTES))
    if (roots.size > MAX_ROOTS) cursor.fail(`it names more than ${MAX_ROOTS} root types`)
  } else cursor.fail(`a parent of unknown kind ${kind}`)
}

const XML_ELEMENT = 3
const XML_HOOK = 5
const LAST_TYPE = 6
const ANY_OBJECT = 118

/** Passes over the content of an item. @returns its length in clocks */
const scanContent = (cursor: Cursor, ref: number): number => {
  switch (ref) {
    case 1: // deleted
      return cursor.length()
    case 2: {
      const length = cursor.length()
      for (let i = 0; i < length; i++) cursor.jsonOrUndefined()
      return length
    }
    case 3: // binary
      cursor.skip(cursor.varUint())
      return 1
    case 4: {
      const length = cursor.string()
      if (length === 0) cursor.fail('a string is empty')
      return length
    }
    case 5: // embed
      cursor.json()
      return 1
    case 6: // format
      cursor.name(MAX_NAME_BYTES)
      cursor.json()
      return 1
    case 7:
      scanType(cursor)
      return 1
    case 8: {
      const length = cursor.length()
      for (let i = 0; i < length; i++) cursor.any()
      return length
    }
    case 9: // sub-document: its options must be an object, or every reader throws
      cursor.name(MAX_NAME_BYTES)
      if (cursor.any() !== ANY_OBJECT) cursor.fail('a sub-document without options')
      return 1
    default:
      return cursor.fail(`content of unknown kind ${ref}`)
  }
}

const scanType = (cursor: Cursor): void => {
  const type = cursor.varUint()
  if (type > LAST_TYPE) cursor.fail(`a shared type of unknown kind ${type}`)
  if (type === XML_ELEMENT || type === XML_HOOK) cursor.name(MAX_NAME_BYTES)
}
