/** Typed pages to fold and compact: recorded typing where it lies beside the project, generated elsewhere. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import * as Y from 'yjs'
import { command } from '../paths.ts'
import { seededRandom } from '../random.ts'

type Patch = readonly [position: number, deleted: number, inserted: string]

const TRACE = resolve(dirname(command), '../../shared/traces/automerge-paper.json.gz')
const GENERATED = 259_778

/** One update for each of 259,778 edits. */
export const longTyping = (): { readonly name: string; readonly rows: readonly Uint8Array[] } => {
  const isRecorded = existsSync(TRACE)
  const rows: Uint8Array[] = []
  const doc = new Y.Doc()
  doc.on('update', (update: Uint8Array) => rows.push(update))
  const text = doc.getText('text')
  for (const patches of isRecorded ? recorded() : generated(GENERATED, 1)) {
    doc.transact(() => {
      for (const [at, deleted, inserted] of patches) {
        if (deleted > 0) text.delete(at, deleted)
        if (inserted !== '') text.insert(at, inserted)
      }
    })
  }
  return { name: isRecorded ? 'automerge-paper' : 'generated typing', rows }
}

/** A page of `edits` edits. */
export const shortTyping = (edits: number, seed: number): Uint8Array[] => {
  const rows: Uint8Array[] = []
  const doc = new Y.Doc()
  doc.on('update', (update: Uint8Array) => rows.push(update))
  const text = doc.getText('text')
  for (const [[at, deleted, inserted]] of generated(edits, seed)) {
    if (deleted > 0) text.delete(at, deleted)
    else text.insert(at, inserted)
  }
  return rows
}

const recorded = (): readonly (readonly Patch[])[] => {
  const { txns } = JSON.parse(gunzipSync(readFileSync(TRACE)).toString('utf8')) as { txns: { patches: Patch[] }[] }
  return txns.map(({ patches }) => patches)
}

function* generated(edits: number, seed: number): Generator<readonly [Patch]> {
  const random = seededRandom(seed)
  const letters = 'etaoin shrdlu\n'
  let [length, caret] = [0, 0]
  for (let edit = 0; edit < edits; edit++) {
    if (random.fraction() < 0.02) caret = random.below(length + 1)
    const deleted = caret > 0 && random.fraction() < 0.15 ? 1 : 0
    const inserted = deleted > 0 ? '' : (letters[random.below(letters.length)] as string)
    caret -= deleted
    yield [[caret, deleted, inserted]]
    caret += inserted.length
    length += inserted.length - deleted
  }
}
