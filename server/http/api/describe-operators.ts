/** The description of what operators see; the routes themselves are in `operators.ts` and `events.ts`. */
import { type RouteConfig, z } from '@hono/zod-openapi'
import { At, json, PageParams, problems } from './parts.ts'

const OpenRoom = z.object({
  story: z.string(),
  page: z.string(),
  members: z.number().int().openapi({ description: 'In all processes' }),
  elsewhere: z.number().int().openapi({ description: 'Those of them who are in other processes' }),
  slow: z.number().int().openapi({ description: 'Members who do not read as fast as they are written to' }),
  seq: z.number().int(),
  snapshotBytes: z.number().int(),
  tailBytes: z.number().int(),
  tailRows: z.number().int(),
  unsavedBytes: z.number().int(),
})

const StoredPage = z.object({
  story: z.string(),
  page: z.string(),
  bytes: z.number().int(),
  updates: z.number().int(),
  tailRows: z.number().int(),
  lastEdit: At,
  deletedAt: At.nullable(),
  erased: z.boolean(),
})

const Person = z.object({
  user: z.string().nullable(),
  name: z.string().nullable(),
  role: z.string(),
  acknowledged: z.boolean(),
  isSlow: z.boolean(),
})

const Node = z.object({
  id: z.uuid(),
  name: z.string().openapi({ description: 'Host and process' }),
  startedAt: At,
  at: At,
  isHere: z.boolean(),
  rooms: z.number().int().openapi({ description: 'Pages in its memory, open or not' }),
  people: z.number().int(),
  memory: z.number().int(),
  busiest: z.array(z.string()).openapi({ description: 'Rooms that it holds, those with most people first' }),
})

const silent = z
  .number()
  .int()
  .openapi({ description: 'Processes that did not answer in time: what is with them is not told' })

const limit = z.coerce.number().int().min(1).max(1000).default(100)
const order = z.enum(['members', 'slow', 'tail', 'bytes']).default('members')

export const OPERATORS: readonly RouteConfig[] = [
  {
    method: 'get',
    path: '/admin/rooms',
    summary: 'Pages in memory of all processes, and stored pages by letters of their name',
    request: { query: z.object({ search: z.string().optional(), order, limit }) },
    responses: {
      200: json(
        z.object({
          rooms: z.array(OpenRoom),
          open: z.number().int(),
          held: z.number().int(),
          silent,
          stored: z.array(StoredPage),
        }),
        'open: how many match that somebody has open; held: how many match that are in memory; stored: pages that match, in memory or not, where something is searched for',
      ),
      ...problems(),
    },
  },
  {
    method: 'get',
    path: '/admin/rooms/{story}/{page}',
    summary: 'How a page stands, and who has it open, in all processes',
    request: { params: PageParams },
    responses: {
      200: json(
        z.object({
          story: z.string(),
          page: z.string(),
          frozen: z.string().nullable(),
          open: OpenRoom.nullable(),
          elsewhere: z.number().int().openapi({ description: 'How many have it open in other processes' }),
          people: z.array(Person),
          silent,
          stored: StoredPage.nullable(),
        }),
        'open: null where it is in no memory; frozen: why nobody but managers may write',
      ),
      ...problems(),
    },
  },
  {
    method: 'post',
    path: '/admin/rooms/{story}/{page}/fold',
    summary: 'Fold a page now',
    request: { params: PageParams },
    responses: {
      200: json(
        z.object({ story: z.string(), page: z.string(), tailRows: z.number().int() }),
        'Rows that no snapshot holds, after it',
      ),
      ...problems(429),
    },
  },
  {
    method: 'post',
    path: '/admin/rooms/{story}/{page}/close',
    summary: 'Close the sockets of a page with 1012, in all processes: clients come again at once',
    request: { params: PageParams },
    responses: {
      200: json(z.object({ story: z.string(), page: z.string(), closed: z.number().int(), silent }), 'How many'),
      ...problems(429),
    },
  },
  {
    method: 'get',
    path: '/admin/nodes',
    summary: 'The processes that serve from this database',
    responses: { 200: json(z.object({ nodes: z.array(Node) }), 'The one that answers comes first'), ...problems() },
  },
  {
    method: 'get',
    path: '/admin/events',
    summary: 'Figures each second, and how long work goes on, as server-sent events',
    responses: {
      200: {
        description: 'Events `figures` and `job`, each with JSON as its data',
        content: { 'text/event-stream': { schema: z.string() } },
      },
      ...problems(),
    },
  },
  {
    method: 'post',
    path: '/admin/drain',
    summary: 'End the process that answers as SIGTERM does: everything is committed, clients are told to come back',
    responses: { 202: json(z.object({ draining: z.literal(true) }), 'It has begun'), ...problems(429) },
  },
]
