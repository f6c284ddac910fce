/** Real typing, recorded key by key where ../shared/traces exists; generated typing elsewhere and after its end. */
import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { traceFile } from '../paths.ts'
import type { SeededRandom } from '../random.ts'

/** One edit of a text: at `position` take away `deleted` characters, then put in `inserted`. */
export type Edit = readonly [position: number, deleted: number, inserted: string]

/** What is typed, in words for whoever reads the figures. */
export const typingSource = (): string =>
  existsSync(traceFile)
    ? 'automerge-paper (recorded typing, CC BY 4.0, Martin Kleppmann)'
    : 'generated typing (no ../shared/traces here)'

/** Edits without end, as one person types them into an empty text. */
export function* typing(random: SeededRandom): Generator<Edit> {
  let length = 0
  for (const edit of recorded()) {
    length += edit[2].length - edit[1]
    yield edit
  }
  yield* generated(length, random)
}

let trace: readonly Edit[] | null = null

const recorded = (): readonly Edit[] => {
  trace ??= existsSync(traceFile) ? readTrace() : []
  return trace
}

const readTrace = (): Edit[] => {
  const { txns } = JSON.parse(gunzipSync(readFileSync(traceFile)).toString('utf8')) as {
    txns: readonly { readonly patches: readonly Edit[] }[]
  }
  return txns.flatMap(({ patches }) => patches)
}

const LETTERS = 'etaoin shrdlu cmfwyp vbgkjqxz '
const BACKSPACE_SHARE = 0.08
const JUMP_SHARE = 0.02

function* generated(from: number, random: SeededRandom): Generator<Edit> {
  let [length, cursor] = [from, from]
  for (;;) {
    if (random.fraction() < JUMP_SHARE) cursor = random.below(length + 1)
    if (cursor > 0 && random.fraction() < BACKSPACE_SHARE) {
      length--
      yield [--cursor, 1, '']
    } else {
      length++
      yield [cursor++, 0, LETTERS[random.below(LETTERS.length)] ?? ' ']
    }
  }
}

/** Words by the letter. */
export const words = (length: number, random: SeededRandom): string =>
  Array.from({ length }, () => LETTERS[random.below(LETTERS.length)]).join('')
