/** Versions of a page, and going back to them. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { note, onlyLooked } from '../guard.ts'
import { Changes } from './history.ts'
import {
  type ApiParts,
  At,
  asked,
  body,
  Flag,
  json,
  KeyHeader,
  Label,
  PageParams,
  problems,
  roomOf,
  sourceOf,
  Time,
  VersionParams,
} from './parts.ts'

const Version = z.object({
  id: z.uuid(),
  seq: z.number().int(),
  kind: z.enum(['named', 'automatic', 'before', 'story', 'import']),
  label: z.string().nullable(),
  author: z.string().nullable(),
  at: At,
  bytes: z.number().int(),
})
const Restored = z.object({ seq: z.number().int(), version: z.uuid().nullable() })
const Preview = z.object({ changes: Changes })
const User = z
  .string()
  .nullable()
  .openapi({ description: 'As the history names its authors; null: those who did not say who they are (open mode)' })
const RestoredOrPreview = json(
  z.union([Restored, Preview]),
  'version keeps the state before, null where nothing had to change; with preview=true what would change',
)

const list = createRoute({
  method: 'get',
  path: '/stories/{story}/pages/{page}/versions',
  summary: 'Versions of a page, newest first',
  request: { params: PageParams },
  responses: { 200: json(z.object({ versions: z.array(Version) }), 'Newest first'), ...problems(410) },
})

const name = createRoute({
  method: 'post',
  path: '/stories/{story}/pages/{page}/versions',
  summary: 'Keep the present state; it never expires',
  request: { params: PageParams, headers: KeyHeader, body: body(Label) },
  responses: { 201: json(Version, 'The version'), ...problems(410, 422, 429) },
})

const read = createRoute({
  method: 'get',
  path: '/stories/{story}/pages/{page}/versions/{id}',
  summary: 'A version; its content is ?version= of the page',
  request: { params: VersionParams },
  responses: { 200: json(Version, 'The version'), ...problems(410) },
})

const restore = createRoute({
  method: 'post',
  path: '/stories/{story}/pages/{page}/restore',
  summary: 'Make the page equal to a version or moment of it',
  request: {
    params: PageParams,
    headers: KeyHeader,
    query: z.object({ preview: Flag }),
    body: body(z.object({ version: z.uuid().optional(), at: Time.optional() })),
  },
  responses: { 200: RestoredOrPreview, ...problems(409, 410, 422, 429) },
})

const undo = createRoute({
  method: 'post',
  path: '/stories/{story}/pages/{page}/undo',
  summary: 'Take back one person’s changes of a period',
  request: {
    params: PageParams,
    headers: KeyHeader,
    query: z.object({ preview: Flag }),
    body: body(z.object({ user: User, from: Time, to: Time.optional() })),
  },
  responses: { 200: RestoredOrPreview, ...problems(409, 410, 422, 429) },
})

export const versionRoutes = (api: OpenAPIHono, { archive, authorize, countUpdate, now }: ApiParts): void => {
  api.openapi(list, async (c) => {
    const page = c.req.valid('param')
    await authorize(c, page, 'read')
    return c.json({ versions: await archive.listVersions(roomOf(page)) }, 200)
  })
  api.openapi(name, async (c) => {
    const page = c.req.valid('param')
    const caller = await authorize(c, page, 'manage')
    const { label = null } = c.req.valid('json')
    if (label !== null) note(c, { detail: { label } })
    return c.json(await archive.nameVersion(roomOf(page), label, await asked(c, caller)), 201)
  })
  api.openapi(read, async (c) => {
    const { id, ...page } = c.req.valid('param')
    await authorize(c, page, 'read')
    const { data: _data, ...version } = await archive.readVersion(roomOf(page), id)
    return c.json(version, 200)
  })
  api.openapi(restore, async (c) => {
    const page = c.req.valid('param')
    const caller = await authorize(c, page, 'manage')
    const source = sourceOf(c.req.valid('json'))
    if (c.req.valid('query').preview === 'true') {
      onlyLooked(c)
      return c.json(await archive.previewRestore(roomOf(page), source), 200)
    }
    countUpdate(page, 0)
    const restored = await archive.restorePage(roomOf(page), source, await asked(c, caller))
    note(c, { detail: { ...c.req.valid('json'), ...(restored.version === null ? { unchanged: true } : {}) } })
    return c.json(restored, 200)
  })
  api.openapi(undo, async (c) => {
    const page = c.req.valid('param')
    const caller = await authorize(c, page, 'manage')
    const { user, from, to } = c.req.valid('json')
    const period = { user, from: new Date(from), to: new Date(to ?? now()) }
    if (c.req.valid('query').preview === 'true') {
      onlyLooked(c)
      return c.json(await archive.previewUndo(roomOf(page), period), 200)
    }
    countUpdate(page, 0)
    note(c, { ...(user === null ? {} : { about: user }), detail: { from, to: to ?? null } })
    return c.json(await archive.undoPerson(roomOf(page), period, await asked(c, caller)), 200)
  })
}
