/** Who wrote what stands now, and who changed what between two moments. */
import * as Y from 'yjs'
import { docOf, type Updates } from './build.ts'
import { eachDeleted, eachWritten, Known } from './ranges.ts'
import { type PlacePieces, piecesOf } from './spans.ts'

/** One part of a row: one author's share of an edit. */
export interface AuthoredPart {
  readonly author: string | null
  /** Milliseconds since 1970. */
  readonly at: number
  readonly kind: string
  readonly data: Uint8Array
}

/** Who owns a clientID, for what was written before the rows that are kept. */
export interface Writer {
  readonly client: number
  readonly author: string | null
  readonly at: number
}

export interface Span {
  readonly text: string
  readonly position: number
  readonly author: string | null
  /** Times of the first and the last of its letters; null where the rows are gone. */
  readonly from: string | null
  readonly to: string | null
  readonly kind: string
}

export interface Change extends Span {
  readonly op: 'insert' | 'delete'
}

export interface Spans<S> {
  readonly root: string
  readonly path: readonly (string | number)[]
  readonly spans: readonly S[]
}

interface Mark {
  readonly op: Change['op']
  readonly part: AuthoredPart | null
}

/** One author's spans are one where less than this lies between them. */
const SESSION_MS = 5 * 60_000

/** @throws IncompletePage */
export const authorsOf = (page: Updates, parts: readonly AuthoredPart[], writers: readonly Writer[]): Spans<Span>[] => {
  const written = new Known<AuthoredPart>()
  for (const part of parts) eachWritten(part.data, (client, clock, end) => written.add(client, clock, end, part))
  const owners = new Map(writers.map(({ client, author }) => [client, author]))
  const doc = docOf(page)
  const deleted = deletesOf(Y.snapshot(doc))
  const places = piecesOf<Mark>(doc, {
    look: (client, clock) => {
      const by = written.find(client, clock)
      const gone = deleted.find(client, clock)
      const stands = gone.value === undefined
      const part = by.value ?? ownerOf(owners.get(client) ?? null)
      return { stands, mark: stands ? { op: 'insert', part } : null, until: Math.min(by.until, gone.until) }
    },
  })
  return places.map((place) => {
    const { root, path, spans } = joined(place)
    return { root, path, spans: spans.map(({ op: _op, ...span }) => span) }
  })
}

const ownerOf = (author: string | null): AuthoredPart => ({
  author,
  at: Number.NaN,
  kind: 'edit',
  data: new Uint8Array(),
})

/**
 * What was written and deleted since `base` by `parts`, in their order. What came and went between is left out.
 * @throws IncompletePage
 */
export const changesSince = (base: Updates, parts: readonly AuthoredPart[]): Spans<Change>[] => {
  const before = Y.snapshot(docOf(base))
  const doc = docOf([...base, ...parts.map(({ data }) => data)], { gc: false })
  const written = new Known<AuthoredPart>()
  const deletedBy = new Known<AuthoredPart>()
  for (const part of parts) {
    eachWritten(part.data, (client, clock, end) => written.add(client, clock, end, part))
    eachDeleted(part.data, (client, clock, end) => deletedBy.add(client, clock, end, part))
  }
  const deletedBefore = deletesOf(before)
  const deletedNow = deletesOf(Y.snapshot(doc))
  const places = piecesOf<Mark>(doc, {
    look: (client, clock) => {
      const start = before.sv.get(client) ?? 0
      const by = written.find(client, clock)
      const then = deletedBefore.find(client, clock)
      const now = deletedNow.find(client, clock)
      const remover = deletedBy.find(client, clock)
      const until = Math.min(
        clock < start ? start : Number.POSITIVE_INFINITY,
        by.until,
        then.until,
        now.until,
        remover.until,
      )
      const stood = clock < start && then.value === undefined
      const stands = now.value === undefined
      if (stood === stands) return { stands, mark: null, until }
      const mark: Mark = stands
        ? { op: 'insert', part: by.value ?? null }
        : { op: 'delete', part: remover.value ?? null }
      return { stands, mark, until }
    },
  })
  return places.map(joined)
}

const deletesOf = ({ ds }: Y.Snapshot): Known<true> => {
  const known = new Known<true>()
  for (const [client, items] of ds.clients) {
    for (const { clock, len } of items) known.add(client, clock, clock + len, true)
  }
  return known
}

const joined = ({ root, path, pieces }: PlacePieces<Mark>): Spans<Change> => {
  const spans: { span: Change; first: number; last: number }[] = []
  for (const { text, position, mark } of pieces) {
    const { op, part } = mark
    const at = part?.at ?? Number.NaN
    const previous = spans.at(-1)
    if (previous !== undefined && joins(previous, { op, position, part, at })) {
      previous.first = Math.min(previous.first, at)
      previous.last = Math.max(previous.last, at)
      previous.span = { ...previous.span, text: previous.span.text + text }
      continue
    }
    const span = { op, text, position, author: part?.author ?? null, kind: part?.kind ?? 'edit', from: null, to: null }
    spans.push({ span, first: at, last: at })
  }
  return { root, path, spans: spans.map(({ span, first, last }) => ({ ...span, from: iso(first), to: iso(last) })) }
}

const joins = (
  previous: { readonly span: Change; readonly first: number; readonly last: number },
  next: { op: Change['op']; position: number; part: AuthoredPart | null; at: number },
): boolean => {
  const { span, first, last } = previous
  const end = span.op === 'insert' ? span.position + span.text.length : span.position
  if (span.op !== next.op || end !== next.position) return false
  if (span.author !== (next.part?.author ?? null) || span.kind !== (next.part?.kind ?? 'edit')) return false
  if (Number.isNaN(first) || Number.isNaN(next.at)) return Number.isNaN(first) && Number.isNaN(next.at)
  return next.at - last < SESSION_MS && first - next.at < SESSION_MS
}

const iso = (at: number): string | null => (Number.isNaN(at) ? null : new Date(at).toISOString())
