/** The history of a page: who edited when, who wrote what, and what changed. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Moment } from '../../log/archive/past.ts'
import { Problem } from '../problem.ts'
import { type ApiParts, At, json, PageParams, problems, roomOf, Time, TimeOrVersion } from './parts.ts'

const Entry = z.object({
  author: z.string().nullable(),
  kind: z.string(),
  from: At,
  to: At,
  fromSeq: z.number().int(),
  toSeq: z.number().int(),
  bytes: z.number().int(),
  edits: z.number().int(),
})

const Span = z.object({
  text: z.string(),
  position: z.number().int(),
  author: z.string().nullable(),
  from: At.nullable(),
  to: At.nullable(),
  kind: z.string(),
})
const Step = z.union([z.string(), z.number().int()])

const Texts = <S extends z.ZodType>(span: S) =>
  z.array(z.object({ root: z.string(), path: z.array(Step).readonly(), spans: z.array(span).readonly() })).readonly()

export const Changes = Texts(Span.extend({ op: z.enum(['insert', 'delete']) }))

const history = createRoute({
  method: 'get',
  path: '/stories/{story}/pages/{page}/history',
  summary: 'Who edited when, newest first',
  request: {
    params: PageParams,
    query: z.object({
      from: Time.optional(),
      to: Time.optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
    }),
  },
  responses: {
    200: json(z.object({ entries: z.array(Entry) }), 'An author’s edits, five minutes apart at most'),
    ...problems(410),
  },
})

const authors = createRoute({
  method: 'get',
  path: '/stories/{story}/pages/{page}/authors',
  summary: 'Who wrote the text that stands now',
  request: { params: PageParams },
  responses: {
    200: json(z.object({ seq: z.number().int(), texts: Texts(Span) }), 'Spans of each text'),
    ...problems(410),
  },
})

const diff = createRoute({
  method: 'get',
  path: '/stories/{story}/pages/{page}/diff',
  summary: 'What was inserted and deleted between two moments',
  request: { params: PageParams, query: z.object({ from: TimeOrVersion, to: TimeOrVersion.optional() }) },
  responses: {
    200: json(z.object({ from: z.number().int(), to: z.number().int(), texts: Changes }), 'Spans of each text'),
    ...problems(410),
  },
})

export const historyRoutes = (api: OpenAPIHono, { archive, authorize }: ApiParts): void => {
  api.openapi(history, async (c) => {
    const page = c.req.valid('param')
    await authorize(c, page, 'read')
    const { from, to, limit } = c.req.valid('query')
    const range = {
      from: from === undefined ? null : new Date(from),
      to: to === undefined ? null : new Date(to),
      limit,
    }
    return c.json({ entries: await archive.activity(roomOf(page), range) }, 200)
  })
  api.openapi(authors, async (c) => {
    const page = c.req.valid('param')
    await authorize(c, page, 'read')
    return c.json(await archive.authors(roomOf(page)), 200)
  })
  api.openapi(diff, async (c) => {
    const page = c.req.valid('param')
    await authorize(c, page, 'read')
    const moment = async (given: string | undefined): Promise<Moment> => {
      if (given === undefined) return 'now'
      if (Time.safeParse(given).success) return { time: new Date(given) }
      const { seq } = await archive.readVersion(roomOf(page), given)
      if (seq === 0) throw new Problem(410, 'Not kept', 'that version was imported: no history leads to it')
      return { seq }
    }
    const { from, to } = c.req.valid('query')
    return c.json(await archive.difference(roomOf(page), { from: await moment(from), to: await moment(to) }), 200)
  })
}
