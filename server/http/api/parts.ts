/** What the routes are made of, and what they have in common. */
import { createHash } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { nameFault, type PageName, roomIdOf } from '../../../shared/names.ts'
import type { Access, Caller } from '../../access.ts'
import type { Archive } from '../../log/archive/archive.ts'
import type { PageHead } from '../../log/archive/known.ts'
import type { Asked } from '../../log/archive/parts.ts'
import type { StorySource } from '../../log/archive/stories.ts'
import type { Clock } from '../../ports.ts'
import type { Authorize, Sees } from '../authorize.ts'
import { textFault } from '../body.ts'
import { Problem } from '../problem.ts'
import type { Offered, Synced } from '../sync-page.ts'

export interface ApiParts {
  readonly archive: Archive
  readonly authorize: Authorize
  readonly sees: Sees
  /** Writes one update through the page's room; resolves with its seq once it is committed. */
  readonly write: (page: PageName, caller: Caller, update: Uint8Array) => Promise<number>
  /** Brings a page up to date both ways, through its room, told how far the page has come in the database. */
  readonly syncPage: (page: PageName, caller: Caller, offered: Offered, head: PageHead | undefined) => Promise<Synced>
  /** Counts an update to a page, of whoever may write there. @throws Problem 429 where it is written too fast */
  readonly countUpdate: (page: PageName, bytes: number) => void
  /** Counts messages that came in one request, beside the first. */
  readonly countMore: (user: string | null, messages: number) => void
  /** What a caller may do on a page. */
  readonly grant: Access['grant']
  /** How many have each of some pages open now, in all processes; of the others, as they said within the last seconds. */
  readonly membersOf: (roomIds: readonly string[]) => Promise<(roomId: string) => number>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Runs a task after so many ms; the gift cancels it. */
  readonly after: Clock['after']
  /** Bytes of the largest body. */
  readonly maxBodyBytes: number
  /** Bytes of a picture, and of all pictures of a story. */
  readonly assets: {
    readonly maxBytes: number
    readonly maxStoryBytes: number
    /** Told of each that was too large, or one too many. */
    readonly refused: () => void
  }
}

/** A name of a story or page. */
export const name = z
  .string()
  .refine((id) => nameFault(id) === null, { error: (issue) => nameFault(String(issue.input)) ?? 'bad name' })

export const StoryParams = z.object({ story: name })
export const PageParams = z.object({ story: name, page: name })
export const VersionParams = PageParams.extend({ id: z.uuid() })

/** A name for something new: those that begin with _ are reserved. */
export const FreshName = name.refine((id) => !id.startsWith('_'), 'names that begin with _ are reserved')

export const Time = z.iso.datetime({ offset: true })
export const TimeOrVersion = z.union([Time, z.uuid()])
const Text = z
  .string()
  .max(1000)
  .refine((text) => textFault(text) === null, { error: (issue) => textFault(String(issue.input)) ?? 'bad text' })
export const Label = z.object({ label: Text.nullish() })
export const Flag = z.enum(['true', 'false']).default('false')

/** Told in every answer as ISO 8601. */
export const At = z.string().openapi({ format: 'date-time' })

export const KeyHeader = z.object({
  'idempotency-key': z.string().min(1).max(255).optional().openapi({
    description: 'A repeated request with the same key takes effect once, and is answered the same, for a day.',
  }),
})

export const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

export const body = <Schema extends z.ZodType>(schema: Schema) => ({
  required: true,
  content: { 'application/json': { schema } },
})

const ProblemSchema = z
  .object({ type: z.string(), title: z.string(), status: z.number().int(), detail: z.string().optional() })
  .openapi('Problem')

const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The request makes no sense',
  401: 'Nobody is named',
  403: 'Not allowed here',
  404: 'There is no such thing, or it is not yours',
  409: 'Somebody else was first, or the name is in use',
  410: 'Deleted, or the history of that moment is not kept any more',
  413: 'Too large',
  415: 'Not a picture that is kept here',
  422: 'The Idempotency-Key stood for another request, the update cannot be taken in, or the user did nothing then',
  429: 'Its user sends too fast, or all to this page: Retry-After says when to try again',
  503: 'Try again',
}

/** The ways in which a route may fail. */
export const problems = (...more: number[]) =>
  Object.fromEntries(
    [400, 401, 403, 404, 503, ...more].map((status) => [
      status,
      { description: PROBLEMS[status] ?? '', content: { 'application/problem+json': { schema: ProblemSchema } } },
    ]),
  )

/** The room of a page. */
export const roomOf = roomIdOf

/** Who asks, and the Idempotency-Key under which it takes effect once. */
export const asked = async (c: Context, caller: Caller): Promise<Asked> => {
  const key = c.req.header('idempotency-key')
  if (key === undefined) return { author: caller.user, once: null }
  const { pathname, search } = new URL(c.req.url)
  const request = createHash('sha256')
    .update(`${c.req.method} ${search}\n${await c.req.text()}`)
    .digest('hex')
  return { author: caller.user, once: { scope: `${caller.user ?? ''} ${pathname}`, key, request } }
}

/** A moment as it is asked for. @throws Problem 400 where both are given, or neither */
export const sourceOf = (given: {
  readonly version?: string | undefined
  readonly at?: string | undefined
}): StorySource => {
  const { version, at } = given
  if ((version === undefined) === (at === undefined)) throw new Problem(400, 'Bad request', 'give version or at')
  return version === undefined ? { at: { time: new Date(at ?? '') } } : { version }
}
