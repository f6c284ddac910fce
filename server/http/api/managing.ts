/** The description of what managers and operators may do; the routes themselves are in `freeze.ts`, `people.ts`, `operators.ts` and `work.ts`. */
import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi'
import { ROLES } from '../../access.ts'
import { MOST_DAYS } from '../invite.ts'
import { OPERATORS } from './describe-operators.ts'
import { At, body, json, PageParams, problems, StoryParams } from './parts.ts'

const Silent = z.number().int().openapi({ description: 'Processes that did not say in time that they know' })
const Frozen = z.object({ story: z.string(), page: z.string().nullable(), frozen: z.boolean(), silent: Silent })
const Reason = z.object({ reason: z.string().optional().openapi({ description: 'Told to those who may not write' }) })
const User = z.string().openapi({ description: 'As `sub` of a token names them' })

const Act = z.object({
  at: At,
  author: z.string().nullable(),
  act: z.string().openapi({ example: 'PUT /api/v1/stories/:story/freeze' }),
  story: z.string().nullable(),
  page: z.string().nullable(),
  about: z.string().nullable().openapi({ description: 'The user it was done to' }),
  detail: z.record(z.string(), z.unknown()).nullable(),
})

const freezing = (path: string, what: string, params: RouteConfig['request']): RouteConfig[] => [
  {
    method: 'put',
    path: `${path}/freeze`,
    summary: `Make a ${what} read-only for all but its managers`,
    request: { ...params, body: { ...body(Reason), required: false } },
    responses: { 200: json(Frozen, 'Every process has acted on it, but the silent ones'), ...problems(429) },
  },
  {
    method: 'delete',
    path: `${path}/freeze`,
    summary: `Let a ${what} be written again`,
    request: params ?? {},
    responses: { 200: json(Frozen, 'Every process has acted on it, but the silent ones'), ...problems(429) },
  },
]

const INVITING: RouteConfig = {
  method: 'post',
  path: '/stories/{story}/invitations',
  summary: 'Sign a token for somebody who is invited to a story',
  description: 'For managers, where the service holds AUTH_JWT_SECRET. A link brings the token in its fragment.',
  request: {
    params: StoryParams,
    body: body(
      z.object({
        name: z.string().openapi({ description: 'What the others see' }),
        grant: z.enum(['read', 'write']).default('write'),
        days: z.number().int().min(1).max(MOST_DAYS).default(7),
      }),
    ),
  },
  responses: {
    201: json(z.object({ token: z.string(), user: User, expires: At }), 'The token, and whom it names'),
    ...problems(409, 429),
  },
}

const PEOPLE: readonly RouteConfig[] = [
  {
    method: 'post',
    path: '/admin/revoke',
    summary: 'Change what all tokens of a user issued until now say',
    request: {
      body: body(
        z.object({
          user: User,
          story: z.string().optional().openapi({ description: 'Without it everything is revoked' }),
          page: z.string().optional(),
          grant: z.enum(ROLES).default('none'),
        }),
      ),
    },
    responses: {
      200: json(
        z.object({
          user: z.string(),
          story: z.string().nullable(),
          page: z.string().nullable(),
          grant: z.enum(ROLES),
          silent: Silent,
        }),
        'Every process has acted on it, but the silent ones',
      ),
      ...problems(409, 429),
    },
  },
  {
    method: 'post',
    path: '/admin/forget',
    summary: 'Put an opaque id in the place of a user, everywhere',
    request: { body: body(z.object({ user: User })) },
    responses: {
      200: json(z.object({ user: z.string(), replaced: z.number().int() }), 'The opaque id, and in how many rows'),
      ...problems(429),
    },
  },
  {
    method: 'get',
    path: '/admin/audit',
    summary: 'Managing acts, the newest first',
    request: {
      query: z.object({ before: At.optional(), limit: z.coerce.number().int().min(1).max(1000).default(100) }),
    },
    responses: { 200: json(z.object({ acts: z.array(Act) }), 'The acts'), ...problems() },
  },
]

const WORK: Readonly<Record<string, string>> = {
  compact: 'Fold pages and make their history coarser',
  doctor: 'Examine pages, and mend what is sure',
  restore: 'Put a page or story back to a version or moment',
  export: 'Read a story whole, as files',
  import: 'Write a story from files',
}

const Line = z.union([
  z.object({ progress: z.unknown() }),
  z.object({ report: z.unknown() }),
  z.object({ fault: z.string() }),
])

/** With `detached: true` in the body. */
const DETACHED = {
  202: json(z.object({ started: z.string() }), 'It goes on by itself: /admin/events tells of it'),
  ...problems(409),
}

const working = ([name, summary]: [string, string]): RouteConfig => ({
  method: 'post',
  path: `/admin/${name}`,
  summary,
  description: `What \`scriptorium ${name}\` asks of a service; the key of the lock file serves as bearer on its machine.`,
  request: { body: body(z.record(z.string(), z.unknown())) },
  responses: {
    200: {
      description: 'A line of JSON for each step; the last one holds the report, or the fault',
      content: { 'application/x-ndjson': { schema: Line } },
    },
    ...(name === 'compact' || name === 'doctor' ? DETACHED : {}),
    ...problems(429),
  },
})

/** Adds the description of these routes to that of the API. */
export const describeManaging = ({ openAPIRegistry: registry }: OpenAPIHono): void => {
  const routes = [
    ...freezing('/stories/{story}', 'story', { params: StoryParams }),
    ...freezing('/stories/{story}/pages/{page}', 'page', { params: PageParams }),
    INVITING,
    ...PEOPLE,
    ...OPERATORS,
    ...Object.entries(WORK).map(working),
  ]
  for (const route of routes) registry.registerPath(route)
}
