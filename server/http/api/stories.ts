/** Stories, their versions, and copies of them. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { note } from '../guard.ts'
import { Problem } from '../problem.ts'
import {
  type ApiParts,
  At,
  asked,
  body,
  Flag,
  FreshName,
  json,
  KeyHeader,
  Label,
  problems,
  StoryParams,
  sourceOf,
  Time,
} from './parts.ts'
import { shownTo } from './shelf.ts'

const Story = z.object({
  story: z.string(),
  title: z.string().openapi({ description: 'As its own document says; empty where that says nothing' }),
  cover: z.string().nullable().openapi({ description: 'SHA-256 of the picture that stands for it' }),
  pages: z.number().int().openapi({ description: 'Those that were written to, and that the caller may read' }),
  listed: z
    .number()
    .int()
    .nullable()
    .openapi({ description: 'Those that its own document lists, as the app shows them; null: it has none' }),
  bytes: z.number().int(),
  lastEdit: At,
})
const Page = z.object({
  id: z.string(),
  bytes: z.number().int(),
  updates: z.number().int(),
  lastEdit: At,
  members: z.number().int().openapi({ description: 'How many have it open now, as of the last seconds' }),
  deletedAt: At.nullable(),
})
const StoryVersion = z.object({
  id: z.uuid(),
  kind: z.enum(['named', 'before']),
  label: z.string().nullable(),
  author: z.string().nullable(),
  at: At,
})
const RestoredPage = z.object({ page: z.string(), seq: z.number().int(), version: z.uuid().nullable() })

const list = createRoute({
  method: 'get',
  path: '/stories',
  summary: 'Stories by name',
  request: {
    query: z.object({ after: z.string().default(''), limit: z.coerce.number().int().min(1).max(1000).default(1000) }),
  },
  responses: {
    200: json(z.object({ stories: z.array(Story), next: z.string().nullable() }), 'next: what to ask for after'),
    ...problems(),
  },
})

const show = createRoute({
  method: 'get',
  path: '/stories/{story}',
  summary: 'A story with those of its pages that the caller may read',
  request: { params: StoryParams, query: z.object({ deleted: Flag }) },
  responses: { 200: json(z.object({ story: z.string(), pages: z.array(Page) }), 'Its pages by id'), ...problems() },
})

const versions = createRoute({
  method: 'get',
  path: '/stories/{story}/versions',
  summary: 'Versions of a whole story, newest first',
  request: { params: StoryParams },
  responses: { 200: json(z.object({ versions: z.array(StoryVersion) }), 'Newest first'), ...problems() },
})

const name = createRoute({
  method: 'post',
  path: '/stories/{story}/versions',
  summary: 'Keep all pages as one moment',
  request: { params: StoryParams, headers: KeyHeader, body: body(Label) },
  responses: {
    201: json(StoryVersion.extend({ pages: z.number().int() }), 'The version'),
    ...problems(409, 410, 422, 429),
  },
})

const restore = createRoute({
  method: 'post',
  path: '/stories/{story}/restore',
  summary: 'Put all pages back to one moment',
  request: {
    params: StoryParams,
    headers: KeyHeader,
    body: body(z.object({ version: z.uuid().optional(), at: Time.optional() })),
  },
  responses: {
    200: json(
      z.object({ version: z.uuid(), pages: z.array(RestoredPage).readonly(), newer: z.array(z.string()).readonly() }),
      'version keeps the state before; newer pages are left as they are',
    ),
    ...problems(409, 410, 422, 429),
  },
})

const copy = createRoute({
  method: 'post',
  path: '/stories/{story}/copy',
  summary: 'Copy a story, compact and without its history',
  request: { params: StoryParams, headers: KeyHeader, body: body(z.object({ story: FreshName })) },
  responses: {
    201: json(z.object({ story: z.string(), pages: z.array(z.string()).readonly() }), 'The new story'),
    ...problems(409, 410, 422, 429),
  },
})

export const storyRoutes = (api: OpenAPIHono, parts: ApiParts): void => {
  const { archive, authorize, sees, membersOf } = parts
  api.openapi(list, async (c) => {
    const caller = await authorize(c, 'service', 'read')
    const { after, limit } = c.req.valid('query')
    const listed = await archive.listStories(after, limit)
    const next = listed.length < limit ? null : (listed.at(-1)?.story ?? null)
    return c.json({ stories: await shownTo(caller, listed, parts), next }, 200)
  })
  api.openapi(show, async (c) => {
    const { story } = c.req.valid('param')
    const withDeleted = c.req.valid('query').deleted === 'true'
    const caller = await authorize(c, { story }, withDeleted ? 'manage' : 'read')
    const pages = await archive.listPages(story, { withDeleted })
    const seen = await Promise.all(pages.map(({ page }) => sees(caller, story, page)))
    const shown = pages.filter((_, at) => seen[at])
    const members = await membersOf(shown.map(({ roomId }) => roomId))
    const told = shown.map(({ roomId, page, ...rest }) => ({ id: page, ...rest, members: members(roomId) }))
    return c.json({ story, pages: told }, 200)
  })
  api.openapi(versions, async (c) => {
    const { story } = c.req.valid('param')
    await authorize(c, { story }, 'read')
    return c.json({ versions: await archive.listStoryVersions(story) }, 200)
  })
  api.openapi(name, async (c) => {
    const { story } = c.req.valid('param')
    const caller = await authorize(c, { story }, 'manage')
    const { label = null } = c.req.valid('json')
    if (label !== null) note(c, { detail: { label } })
    return c.json(await archive.nameStoryVersion(story, label, await asked(c, caller)), 201)
  })
  api.openapi(restore, async (c) => {
    const { story } = c.req.valid('param')
    const caller = await authorize(c, { story }, 'manage')
    const source = sourceOf(c.req.valid('json'))
    note(c, { detail: { ...c.req.valid('json') } })
    return c.json(await archive.restoreStory(story, source, await asked(c, caller)), 200)
  })
  api.openapi(copy, async (c) => {
    const { story } = c.req.valid('param')
    const to = c.req.valid('json').story
    const caller = await authorize(c, { story }, 'read')
    await authorize(c, { story: to }, 'manage')
    const pages = await archive.listPages(story, { withDeleted: false })
    const seen = await Promise.all(pages.map(({ page }) => sees(caller, story, page)))
    if (seen.includes(false)) throw new Problem(403, 'Forbidden', `you may not read every page of ${story}`)
    note(c, { detail: { of: story } })
    return c.json(await archive.copyStory(story, to, await asked(c, caller)), 201)
  })
}
