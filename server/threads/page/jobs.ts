/** What worker threads do with whole pages. An expected fault is told as a value: an error would lose its kind. */
import * as Y from 'yjs'
import { idsAtKeys } from '../../room/admit.ts'
import { IdSet } from '../../room/id-set.ts'
import { NO_LIMITS, scanUpdate } from '../../room/scan.ts'
import { type AuthoredPart, authorsOf, type Change, changesSince, type Span, type Spans, type Writer } from './blame.ts'
import { docOf, IncompletePage, type Updates } from './build.ts'
import { canonicalOf } from './canonical.ts'
import { copyContent } from './copy.ts'
import { render } from './render.ts'
import { type Contribution, type Restoration, restoreTo, UnprovenRestore, undoOf } from './restore.ts'
import type { Roots } from './roots.ts'

/** A page as a snapshot holds it. */
export interface PageContent {
  readonly data: Uint8Array
  readonly stateVector: Uint8Array
  /** Offset in `data` at which its delete set begins. */
  readonly deletesAt: number
  /** The ids at a key of a map, as a delete set is encoded. */
  readonly atKeys: Uint8Array
}

export type Told<T> = { readonly value: T } | { readonly fault: 'incomplete' | 'unproven'; readonly reason: string }

/** The value, or why the page cannot be worked with. @throws whatever else `work` throws */
export const told = <T>(work: () => T): Told<T> => {
  try {
    return { value: work() }
  } catch (error) {
    if (error instanceof IncompletePage) return { fault: 'incomplete', reason: error.message }
    if (error instanceof UnprovenRestore) return { fault: 'unproven', reason: error.message }
    throw error
  }
}

export interface ReadPage {
  readonly page: Updates
  /** Types of roots that are known. */
  readonly roots: Roots
  /** Types that win over those. */
  readonly asked: Roots
}

/** A page as one update, garbage-collected. */
export const encodePage = ({ page }: Pick<ReadPage, 'page'>): Told<Uint8Array> =>
  told(() => Y.encodeStateAsUpdate(docOf(page)))

/** A page as JSON and text, and the types of its roots. */
export const renderPage = ({ page, roots, asked }: ReadPage) => told(() => render(docOf(page), roots, asked))

export interface RestorePage {
  readonly target: Updates
  readonly present: Updates
}

export interface Restored {
  /** The edit, or null where nothing changes. */
  readonly update: Uint8Array | null
  /** The page before it, garbage-collected. */
  readonly before: Uint8Array
  /** What it inserts and deletes. */
  readonly changes: Spans<Change>[] | null
}

/** The edit that makes a page equal to an earlier state. */
export const restorePage = ({
  target,
  present,
  preview,
}: RestorePage & { readonly preview: boolean }): Told<Restored> =>
  told(() => restored(restoreTo(target, present), preview))

export interface UndoPage {
  readonly base: Updates
  readonly rows: readonly Contribution[]
  readonly present: Updates
}

/** The edit that takes back what one person did. */
export const undoPage = ({ base, rows, present, preview }: UndoPage & { readonly preview: boolean }): Told<Restored> =>
  told(() => restored(undoOf(base, rows, present), preview))

const restored = ({ update, before }: Restoration, preview: boolean): Restored => {
  const edit = { author: null, at: Number.NaN, kind: 'restore', data: update ?? new Uint8Array([0, 0]) }
  return { update, before, changes: preview ? changesSince([before], [edit]) : null }
}

/** The content of a page without its history. */
export const copyPage = ({ page }: Pick<ReadPage, 'page'>): Told<PageContent> =>
  told(() => {
    const doc = new Y.Doc()
    copyContent(docOf(page), doc)
    return measured(Y.encodeStateAsUpdate(doc))
  })

/** A page as it came, byte by byte, proven to load. */
export const importPage = ({ data }: { readonly data: Uint8Array }): Told<PageContent> => told(() => measured(data))

const measured = (data: Uint8Array): PageContent => {
  const doc = docOf([data])
  canonicalOf(doc)
  const { deletesAt } = scanUpdate(data, NO_LIMITS)
  return { data, stateVector: Y.encodeStateVector(doc), deletesAt, atKeys: idsAtKeys([data], new IdSet()).encode() }
}

/** Who wrote what stands. */
export const pageAuthors = (asked: {
  readonly page: Updates
  readonly parts: readonly AuthoredPart[]
  readonly writers: readonly Writer[]
}): Told<Spans<Span>[]> => told(() => authorsOf(asked.page, asked.parts, asked.writers))

/** What differs between two moments. */
export const pageChanges = (asked: {
  readonly base: Updates
  readonly parts: readonly AuthoredPart[]
}): Told<Spans<Change>[]> => told(() => changesSince(asked.base, asked.parts))

export const pageJobs = {
  encodePage,
  renderPage,
  restorePage,
  undoPage,
  copyPage,
  importPage,
  pageAuthors,
  pageChanges,
}
