/** A whole story for whoever has no socket: both ways in one request, page by page, repeated as often as need be. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import pLimit from 'p-limit'
import { nameFault } from '../../../shared/names.ts'
import { barrierOf, type Caller } from '../../access.ts'
import type { PageHead } from '../../log/archive/known.ts'
import { NOT_FOUND } from '../authorize.ts'
import { LONGEST_ROW, rowOf, writtenAt } from '../page-row.ts'
import { Problem } from '../problem.ts'
import { NotSynced, type Offered, type Synced } from '../sync-page.ts'
import { type ApiParts, body, json, problems, roomOf, StoryParams } from './parts.ts'

/** Characters of base64 in one answer. */
const REPLY_CHARACTERS = 8_000_000
const MOST_PAGES = 10_000
/** Rooms that one request keeps busy. */
const AT_ONCE = 8
const LOST = 'the page lacks what you hold, or its database was put back in time: offer all of it'

const Asked = z.object({
  stateVector: z.base64(),
  seq: z.number().int().min(0).optional(),
  row: z.string().max(LONGEST_ROW).optional().openapi({
    description: 'As it was told beside seq. A seq alone does not tell which row it was: without row all is compared',
  }),
  update: z.base64().optional(),
})
const Told = z.union([
  z.object({
    seq: z.number().int(),
    row: z.string().openapi({ description: 'Which row has that seq: to be given back with it' }),
    update: z.base64().optional(),
  }),
  z.object({ error: z.object({ code: z.string(), reason: z.string() }) }),
])
type Asked = z.infer<typeof Asked>
type Told = z.infer<typeof Told>

const sync = createRoute({
  method: 'post',
  path: '/stories/{story}/sync',
  summary: 'Sync a story without a socket: updates in, what is lacking out, after the commit',
  request: {
    params: StoryParams,
    body: body(
      z.object({
        cursor: z.string().max(200).nullish(),
        pages: z.record(z.string(), Asked).refine((pages) => Object.keys(pages).length <= MOST_PAGES, 'too many pages'),
      }),
    ),
  },
  responses: {
    200: json(
      z.object({ cursor: z.string().nullable(), more: z.boolean(), pages: z.record(z.string(), Told) }),
      'With more, ask again with the cursor. An update that was not taken is told of, wherever the answer ends',
    ),
    ...problems(413, 429),
  },
})

const failed = (error: unknown): Told => {
  if (error instanceof NotSynced) return { error: { code: error.code, reason: error.message } }
  throw error
}

export const syncRoutes = (api: OpenAPIHono, parts: ApiParts): void => {
  api.openapi(sync, async (c) => {
    const { story } = c.req.valid('param')
    const { cursor, pages: asked } = c.req.valid('json')
    const caller = await parts.authorize(c, 'service', 'read')
    const heads = await parts.archive.pageHeads(story)
    const lost = await lostOf(parts, story, asked, heads)
    const from = cursor ?? ''
    const visit = visitor(parts, caller, { story, heads, lost }, (seconds) => c.header('retry-after', seconds))
    const told: Record<string, Told> = {}
    // What was written comes first, all of it: what is lacking may be asked for again.
    const brought = new Map<string, Told>()
    const bringing = Object.entries(asked).filter(([, { update }]) => update !== undefined)
    if (bringing.length > 1) parts.countMore(caller.user, bringing.length - 1)
    await eachOf(bringing, async ([page, offered]) => {
      const answer = await visit(page, offered)
      if ('error' in answer) told[page] = answer
      else brought.set(page, answer)
    })
    const due = [...new Set([...heads.keys(), ...Object.keys(asked)])].filter((page) => page > from).sort()
    let size = 0
    for (let at = 0; at < due.length; at += AT_ONCE) {
      const group = due.slice(at, at + AT_ONCE)
      const answers = new Map<string, Told>()
      await eachOf(group, async (page) => {
        const before = told[page] ?? brought.get(page)
        const answer = before ?? (await read(page, asked[page], visit))
        if (answer !== null) answers.set(page, answer)
      })
      for (const page of group) {
        const answer = answers.get(page)
        if (answer === undefined) continue
        const characters = 'update' in answer ? (answer.update?.length ?? 0) : 0
        if (characters > REPLY_CHARACTERS) {
          told[page] = {
            error: { code: 'too-large', reason: 'this page is larger than an answer: open it by a socket' },
          }
          continue
        }
        size += characters
        if (size > REPLY_CHARACTERS) return c.json({ cursor: last(due, page), more: true, pages: told }, 200)
        told[page] = answer
      }
    }
    return c.json({ cursor: null, more: false, pages: told }, 200)
  })
}

/** The page before `page`. */
const last = (pages: readonly string[], page: string): string => pages[pages.indexOf(page) - 1] ?? ''

/** How far the pages of a story have come, and of which of them a device remembers a row that is not there. */
interface Known {
  readonly story: string
  readonly heads: ReadonlyMap<string, PageHead>
  readonly lost: ReadonlySet<string>
}

const isAt = (head: PageHead | undefined, { seq, row }: Asked): boolean =>
  head !== undefined && head.seq === seq && rowOf(head) === row

/** @returns pages by their room */
const lostOf = (
  { archive }: ApiParts,
  story: string,
  asked: Readonly<Record<string, Asked>>,
  heads: Known['heads'],
): Promise<ReadonlySet<string>> => {
  const known = Object.entries(asked).flatMap(([page, of]) => {
    const { seq = 0, row } = of
    const isSure = seq === 0 || isAt(heads.get(page), of) || nameFault(page) !== null
    return isSure ? [] : [{ roomId: roomOf({ story, page }), seq, at: writtenAt(row) }]
  })
  return archive.lostRows(known)
}

type Visit = (page: string, asked: Asked | undefined) => Promise<Told>

/** @returns null: the page is not the caller's, who did not ask for it */
const read = async (page: string, asked: Asked | undefined, visit: Visit): Promise<Told | null> => {
  const answer = await visit(page, asked)
  return asked === undefined && 'error' in answer ? null : answer
}

/** Goes to a page, as far as the caller may. @param slowed told when a page may be written again */
const visitor =
  (
    { grant, syncPage, countUpdate }: ApiParts,
    caller: Caller,
    { story, heads, lost }: Known,
    slowed: (seconds: string | undefined) => void,
  ): Visit =>
  async (page, asked) => {
    try {
      if (nameFault(page) !== null) throw new NotSynced('not-found', NOT_FOUND)
      const granted = await grant(caller, { story, page })
      if ('again' in granted) throw new NotSynced('again', granted.again)
      if (!('role' in granted) || granted.role === 'none') throw new NotSynced('not-found', NOT_FOUND)
      const barrier = asked?.update === undefined ? null : barrierOf(granted)
      if (barrier !== null) throw new NotSynced(barrier.code, barrier.reason)
      const head = heads.get(page)
      if (head !== undefined && asked !== undefined && asked.update === undefined && isAt(head, asked)) {
        return { seq: head.seq, row: rowOf(head) }
      }
      // Whoever only reads has nothing to offer.
      const mayOffer = granted.role !== 'read'
      if (mayOffer && lost.has(roomOf({ story, page }))) throw new NotSynced('gap', LOST)
      const offered = offeredOf(asked)
      if (offered.update !== null) countUpdate({ story, page }, offered.update.length)
      const synced = await syncPage({ story, page }, caller, offered, head)
      if (mayOffer && synced.isBehind) throw new NotSynced('gap', LOST)
      return tell(synced)
    } catch (error) {
      // Other pages of the request are served.
      if (!(error instanceof Problem) || error.status !== 429) return failed(error)
      slowed(error.headers['retry-after'])
      return { error: { code: 'rate', reason: error.message } }
    }
  }

const NOTHING = new Uint8Array([0])

const offeredOf = (asked: Asked | undefined): Offered => ({
  stateVector: asked === undefined ? NOTHING : Buffer.from(asked.stateVector, 'base64'),
  update: asked?.update === undefined ? null : Buffer.from(asked.update, 'base64'),
})

const tell = ({ update, ...head }: Synced): Told => ({
  seq: head.seq,
  row: rowOf(head),
  ...(update !== null && { update: Buffer.from(update).toString('base64') }),
})

/** Works through `items`, so many at once. @throws the first error, when those under way have ended */
const eachOf = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  const limit = pLimit(AT_ONCE)
  const ended = await Promise.allSettled(items.map((item) => limit(() => work(item))))
  for (const end of ended) if (end.status === 'rejected') throw end.reason
}
