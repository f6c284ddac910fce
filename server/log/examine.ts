/** Examining pages: what each of them lacks, and what of that can surely be mended. */
import { counted } from '../../shared/counted.ts'
import { pageOf, roomIdOf, STORY_PAGE } from '../../shared/names.ts'
import type { Database } from '../database/port.ts'
import { JobError } from '../threads/pool.ts'
import { firstGap, historyFaults } from './agree.ts'
import type { CompactParts } from './compact-page.ts'
import { foldRoom } from './fold.ts'
import { HAS_QUARANTINE, HAS_ROWS, ORPHANS, RAISE_SEQ, SNAPSHOT, TAIL_ROWS } from './history-statements.ts'
import { mendSnapshot, snapshotFault } from './mend.ts'
import { type Choice, chosenPages, eachPage } from './pages.ts'

export interface Finding {
  /** A fault is to be mended; a note is to be known. */
  readonly level: 'fault' | 'note'
  readonly what: string
  readonly mended: boolean
}

export interface ExaminedPage {
  readonly page: string
  readonly findings: readonly Finding[]
}

export interface ExamineOptions extends Omit<Choice, 'olderThanDays'> {
  /** Mends what is sure. */
  readonly repair: boolean
  readonly concurrency: number
}

export interface ExamineReport {
  readonly pages: number
  /** Faults that remain. */
  readonly faults: number
  readonly mended: number
  /** Pages about which there is something to say. */
  readonly found: readonly ExaminedPage[]
  readonly seconds: number
}

export type ExamineParts = Omit<CompactParts, 'history'>

interface TailRow {
  readonly room_seq: number
  readonly snapshot_seq: number
  readonly history_seq: number
  readonly epoch: number
  readonly seq: number | null
  readonly first_seq: number
  readonly data: Uint8Array
}

/** A page larger than this is slow on a phone. */
const LARGE_BYTES = 16_000_000
/** A page of which so much is gone gains by a copy. */
const MANY_TOMBSTONES = 200_000
const TOMBSTONE_SHARE = 0.9

/** Examines the pages that the options choose. @throws DatabaseError, or the reason of the signal */
export const examinePages = async (
  options: ExamineOptions,
  parts: ExamineParts,
  told: (progress: { readonly done: number; readonly total: number; readonly faults: number }) => void = () =>
    undefined,
): Promise<ExamineReport> => {
  const started = parts.clock.now()
  const pages = await chosenPages({ ...options, olderThanDays: null }, parts.database)
  const found: ExaminedPage[] = options.story === null ? await orphans(parts.database) : []
  let done = 0
  const { concurrency, repair } = options
  await eachPage(pages, { concurrency, signal: parts.signal }, async (page) => {
    const findings = await examinePage(page, repair, parts)
    if (findings.length > 0) found.push({ page, findings })
    told({ done: ++done, total: pages.length, faults: faultsIn(found) })
  })
  return {
    pages: pages.length,
    faults: faultsIn(found),
    mended: found.flatMap(({ findings }) => findings).filter(({ mended }) => mended).length,
    found: found.sort((one, other) => (one.page < other.page ? -1 : 1)),
    seconds: (parts.clock.now() - started) / 1000,
  }
}

const faultsIn = (found: readonly ExaminedPage[]): number =>
  found.flatMap(({ findings }) => findings).filter(({ level, mended }) => level === 'fault' && !mended).length

const orphans = async (database: Database): Promise<ExaminedPage[]> => {
  const rows = await database.query<{ kind: string; room_id: string; rows: number }>(ORPHANS)
  return rows.map(({ kind, room_id, rows: count }) => ({
    page: room_id,
    findings: [fault(`${counted(count, 'row')} of ${kind} ${count === 1 ? 'belongs' : 'belong'} to no page`)],
  }))
}

const fault = (what: string, mended = false): Finding => ({ level: 'fault', what, mended })
const note = (what: string): Finding => ({ level: 'note', what, mended: false })

/** What there is to say of one page. @throws DatabaseError */
const examinePage = async (page: string, repair: boolean, parts: ExamineParts): Promise<Finding[]> => {
  const tail = await parts.database.query<TailRow>(TAIL_ROWS, [page])
  const [head] = tail
  if (head === undefined) return []
  const rows = tail.filter(({ seq }) => seq !== null) as (TailRow & { seq: number })[]
  const findings: Finding[] = []
  const broken = await snapshotFault(page, head, parts)
  const wasMended = broken !== null && repair && (await mendSnapshot(page, head, parts))
  if (broken !== null) findings.push(fault(broken, wasMended))
  if (broken !== null && !wasMended) return findings
  findings.push(...(await seqFindings(page, head, rows, repair, parts)))
  findings.push(...(await contentFindings(page, head, rows, repair, parts)))
  for (const what of await historyFaults(page, parts)) findings.push(fault(what))
  const [{ rows: aside } = { rows: 0 }] = await parts.database.query<{ rows: number }>(HAS_QUARANTINE, [page])
  if (aside > 0) findings.push(note(`set aside and kept in quarantine: ${counted(aside, 'row')}`))
  return findings
}

const seqFindings = async (
  page: string,
  head: TailRow,
  rows: readonly (TailRow & { seq: number })[],
  repair: boolean,
  { database }: ExamineParts,
): Promise<Finding[]> => {
  const findings: Finding[] = []
  const gap = firstGap(head.snapshot_seq, rows)
  if (gap !== null) findings.push(fault(`row ${gap} is missing: rows after it cannot be trusted`))
  const last = rows.at(-1)?.seq ?? head.snapshot_seq
  if (last < head.room_seq) findings.push(fault(`the page is at ${head.room_seq}, but its last row is ${last}`))
  if (last > head.room_seq) {
    if (repair) await database.query(RAISE_SEQ, [page])
    findings.push(fault(`the page is at ${head.room_seq}, but has rows up to ${last}`, repair))
  }
  return findings
}

const contentFindings = async (
  page: string,
  head: TailRow,
  rows: readonly TailRow[],
  repair: boolean,
  parts: ExamineParts,
): Promise<Finding[]> => {
  const data = rows.map((row) => row.data)
  try {
    const base = await snapshotData(page, head, parts)
    const { pending, length, deleted, isForeign } = await parts.threads.run(
      'inspect',
      { base, rows: data },
      { signal: parts.signal },
    )
    const findings: Finding[] = []
    const bytes = data.reduce((sum, update) => sum + update.length, base?.length ?? 0)
    if (pending) findings.push(fault('rows refer to what no row holds'))
    if (bytes > LARGE_BYTES) findings.push(note(`it is large: ${bytes} bytes`))
    if (deleted > MANY_TOMBSTONES && deleted > length * TOMBSTONE_SHARE) {
      findings.push(
        note(`${Math.round((100 * deleted) / length)} % of what was written was deleted: a copy would be smaller`),
      )
    }
    if (isForeign && (await isInApp(page, parts))) {
      findings.push(note('its body is not what the editor writes: it is shown there as text, to be read only'))
    }
    return findings
  } catch (error) {
    if (!(error instanceof JobError)) throw error
    return [fault(`it cannot be read: ${error.message}`, repair && (await setsAside(page, parts)))]
  }
}

/** Whether its story has a document of its own: other apps may keep in their pages what they like. */
const isInApp = async (page: string, { database }: ExamineParts): Promise<boolean> => {
  const outline = roomIdOf({ story: pageOf(page).story, page: STORY_PAGE })
  return (await database.query(HAS_ROWS, [outline])).length > 0
}

const snapshotData = async (page: string, head: TailRow, { database }: ExamineParts): Promise<Uint8Array | null> => {
  const [found] = await database.query<{ data: Uint8Array }>(SNAPSHOT, [page, head.snapshot_seq])
  return found?.data ?? null
}

/** A fold sets aside what cannot be read. */
const setsAside = async (page: string, parts: ExamineParts): Promise<boolean> => {
  try {
    return (await foldRoom(page, parts)) !== null
  } catch (error) {
    if (error instanceof JobError) return false
    throw error
  }
}
