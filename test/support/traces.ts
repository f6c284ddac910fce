/** Real editing traces, replayed; where there are none, a generated history. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import * as Y from 'yjs'
import { leaveOut } from './left-out.ts'
import { randomFrom } from './random.ts'

const FOLDER = fileURLToPath(new URL('../../../shared/traces/', import.meta.url))
const GENERATED_EDITS = 20_000

type Patch = readonly [position: number, deleted: number, inserted: string]

interface Recorded {
  readonly kind?: 'concurrent'
  readonly endContent: string
  readonly numAgents?: number
  readonly txns: readonly {
    readonly parents?: readonly number[]
    readonly agent?: number
    readonly patches: readonly Patch[]
  }[]
}

/** One person's typing: what each transaction does to a text. */
export interface SequentialTrace {
  readonly name: string
  readonly transactions: readonly (readonly Patch[])[]
  readonly endHash: string
}

/** Several people's typing: each transaction as the update it made, and what had to be there before it. */
export interface ConcurrentTrace {
  readonly name: string
  readonly authors: number
  readonly transactions: readonly {
    readonly author: number
    readonly update: Uint8Array
    readonly after: ReadonlyMap<number, number>
  }[]
  readonly endHash: string
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

export const haveTraces = existsSync(FOLDER)

/** Says in the summary which traces this run takes no notice of. */
export const noteMissingTraces = (): void => {
  if (!haveTraces) leaveOut(`recorded traces: there is no ../shared/traces; ${GENERATED_EDITS} generated edits instead`)
}

const read = (name: string): Recorded =>
  JSON.parse(gunzipSync(readFileSync(`${FOLDER}${name}.json.gz`)).toString('utf8')) as Recorded

export const sequentialTrace = (name: string): SequentialTrace => {
  const { txns, endContent } = read(name)
  return { name, transactions: txns.map(({ patches }) => patches), endHash: sha256(endContent) }
}

/** Typing that nobody recorded, the same each time. */
export const generatedTrace = (): SequentialTrace => {
  const random = randomFrom(7)
  let text = ''
  let caret = 0
  const transactions = Array.from({ length: GENERATED_EDITS }, (): readonly Patch[] => {
    if (random.chance(0.02)) caret = random.below(text.length + 1)
    const deleted = caret > 0 && random.chance(0.15) ? 1 : 0
    caret -= deleted
    const inserted = deleted > 0 ? '' : random.pick([...'etaoin shrdlu\n'])
    text = text.slice(0, caret) + inserted + text.slice(caret + deleted)
    const patch: Patch = [caret, deleted, inserted]
    caret += inserted.length
    return [patch]
  })
  return { name: `${GENERATED_EDITS} generated edits`, transactions, endHash: sha256(text) }
}

/** Applies one transaction. */
export const typeInto = (text: Y.Text, patches: readonly Patch[]): void => {
  for (const [position, deleted, inserted] of patches) {
    if (deleted > 0) text.delete(position, deleted)
    if (inserted !== '') text.insert(position, inserted)
  }
}

/** Replays each author on exactly what they saw, and keeps the update of each transaction. */
export const concurrentTrace = (name: string): ConcurrentTrace => {
  const { txns, endContent, numAgents = 1 } = read(name)
  const docs = Array.from({ length: numAgents }, (_, agent) => {
    const doc = new Y.Doc()
    doc.clientID = agent + 1
    return doc
  })
  const seen = docs.map(() => new Set<number>())
  const updates: Uint8Array[] = []
  const transactions = txns.map(({ agent: author = 0, parents = [], patches }, index) => {
    const doc = docs[author] as Y.Doc
    const known = seen[author] as Set<number>
    for (const unseen of ancestors(txns, parents, known)) {
      known.add(unseen)
      Y.applyUpdate(doc, updates[unseen] as Uint8Array)
    }
    const after = new Map(Y.decodeStateVector(Y.encodeStateVector(doc)))
    const made: Uint8Array[] = []
    const keep = (update: Uint8Array) => made.push(update)
    doc.on('update', keep)
    doc.transact(() => typeInto(doc.getText('text'), patches))
    doc.off('update', keep)
    known.add(index)
    const update = made[0] ?? new Uint8Array([0, 0])
    updates.push(update)
    return { author, update, after }
  })
  return { name, authors: numAgents, transactions, endHash: sha256(endContent) }
}

/** Transactions at or before `parents` that are not known, the earlier first. */
const ancestors = (txns: Recorded['txns'], parents: readonly number[], known: ReadonlySet<number>): number[] => {
  const found = new Set<number>()
  const open = [...parents]
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (known.has(index) || found.has(index)) continue
    found.add(index)
    open.push(...(txns[index]?.parents ?? []))
  }
  return [...found].sort((one, other) => one - other)
}
