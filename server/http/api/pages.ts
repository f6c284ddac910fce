/** Pages: their content now or at a moment, updates to them, copies, deletion. */

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { accepts } from 'hono/accepts'
import { STORY_PAGE } from '../../../shared/names.ts'
import { ArchiveFault } from '../../log/archive/fault.ts'
import type { Source } from '../../log/archive/restore.ts'
import type { RootType } from '../../room/scan.ts'
import { note } from '../guard.ts'
import { Problem } from '../problem.ts'
import {
  type ApiParts,
  asked,
  body,
  Flag,
  FreshName,
  json,
  KeyHeader,
  PageParams,
  problems,
  roomOf,
  StoryParams,
  sourceOf,
  Time,
} from './parts.ts'

const OCTETS = 'application/octet-stream'
const KINDS = ['map', 'xml', 'text', 'array'] as const satisfies readonly RootType[]

const read = createRoute({
  method: 'get',
  path: '/stories/{story}/pages/{page}',
  summary: 'A page now, at a time, or as a version',
  request: {
    params: PageParams,
    query: z.object({
      at: Time.optional(),
      version: z.uuid().optional(),
      roots: z.string().optional().openapi({ example: 'body:xml,title:text' }),
    }),
  },
  responses: {
    200: {
      description: 'One Yjs V1 update (the default), its shared types as JSON, or its text, as Accept says',
      headers: z.object({ 'scriptorium-seq': z.string() }),
      content: {
        [OCTETS]: { schema: z.string().openapi({ format: 'binary' }) },
        'application/json': { schema: z.record(z.string(), z.unknown()) },
        'text/plain': { schema: z.string() },
      },
    },
    ...problems(410),
  },
})

const first = createRoute({
  method: 'get',
  path: '/stories/{story}/first',
  summary: 'The page that a story begins with, in one answer: to show it before a socket is there',
  request: { params: StoryParams },
  responses: {
    200: {
      description: 'One Yjs V1 update; scriptorium-page is its id, percent-encoded',
      headers: z.object({ 'scriptorium-page': z.string(), 'scriptorium-seq': z.string() }),
      content: { [OCTETS]: { schema: z.string().openapi({ format: 'binary' }) } },
    },
    204: { description: 'The story lists no page, or the first of them was not written to yet' },
    ...problems(410),
  },
})

const write = createRoute({
  method: 'post',
  path: '/stories/{story}/pages/{page}/updates',
  summary: 'Add one Yjs V1 update; answered after its commit',
  request: {
    params: PageParams,
    body: { required: true, content: { [OCTETS]: { schema: z.string().openapi({ format: 'binary' }) } } },
  },
  responses: {
    200: json(z.object({ seq: z.number().int() }), 'Committed, and relayed'),
    ...problems(409, 410, 413, 422, 429),
  },
})

const copy = createRoute({
  method: 'post',
  path: '/stories/{story}/pages/{page}/copy',
  summary: 'Copy a page as it is or was, compact and without its history',
  request: {
    params: PageParams,
    headers: KeyHeader,
    body: body(z.object({ page: FreshName, version: z.uuid().optional(), at: Time.optional() })),
  },
  responses: {
    201: json(z.object({ story: z.string(), page: z.string(), seq: z.number().int() }), 'The new page'),
    ...problems(409, 410, 422, 429),
  },
})

const remove = createRoute({
  method: 'delete',
  path: '/stories/{story}/pages/{page}',
  summary: 'Delete a page: softly, or with hard=true for good',
  request: { params: PageParams, query: z.object({ hard: Flag }) },
  responses: { 204: { description: 'It is deleted' }, ...problems(429) },
})

const undelete = createRoute({
  method: 'post',
  path: '/stories/{story}/pages/{page}/undelete',
  summary: 'Bring back a page that was deleted softly',
  request: { params: PageParams },
  responses: { 204: { description: 'It is back' }, ...problems(410, 429) },
})

export const pageRoutes = (api: OpenAPIHono, parts: ApiParts): void => {
  const { archive, authorize, write: append, countUpdate, maxBodyBytes } = parts
  api.openapi(read, async (c) => {
    const page = c.req.valid('param')
    await authorize(c, page, 'read')
    const { at, version, roots } = c.req.valid('query')
    const rootTypes = rootsOf(roots)
    const source: Source = at === undefined && version === undefined ? { at: 'now' } : sourceOf({ at, version })
    const supports = [OCTETS, 'application/json', 'text/plain']
    const type = accepts(c, { header: 'Accept', supports, default: OCTETS })
    if (type === OCTETS) {
      const { seq, data } = await archive.readPage(roomOf(page), source)
      return c.body(data.slice(), 200, { 'content-type': OCTETS, 'scriptorium-seq': String(seq) })
    }
    const { seq, ...rendered } = await archive.renderPage(roomOf(page), source, rootTypes)
    const headers = { 'scriptorium-seq': String(seq), vary: 'accept' }
    if (type === 'text/plain') return c.text(rendered.text, 200, headers)
    return c.body(rendered.json, 200, { ...headers, 'content-type': 'application/json' })
  })
  api.openapi(first, async (c) => {
    const { story } = c.req.valid('param')
    await authorize(c, { story, page: STORY_PAGE }, 'read')
    const page = (await archive.readOutline(story))?.pages[0]?.id
    if (page === undefined) return c.body(null, 204)
    await authorize(c, { story, page }, 'read')
    const read = await archive.readPage(roomOf({ story, page }), { at: 'now' }).catch(nothingIfMissing)
    if (read === null) return c.body(null, 204)
    const { seq, data } = read
    const headers = { 'scriptorium-page': encodeURIComponent(page), 'scriptorium-seq': String(seq) }
    return c.body(data.slice(), 200, { 'content-type': OCTETS, ...headers })
  })
  api.openapi(write, async (c) => {
    const page = c.req.valid('param')
    const caller = await authorize(c, page, 'write')
    const declared = Number(c.req.header('content-length') ?? 0)
    if (declared > maxBodyBytes) throw new Problem(413, 'Too large', `an update may have ${maxBodyBytes} bytes`)
    const update = new Uint8Array(await c.req.arrayBuffer())
    countUpdate(page, update.length)
    return c.json({ seq: await append(page, caller, update) }, 200)
  })
  api.openapi(copy, async (c) => {
    const page = c.req.valid('param')
    const { page: fresh, version, at } = c.req.valid('json')
    await authorize(c, page, 'read')
    const caller = await authorize(c, { story: page.story, page: fresh }, 'write')
    const source: Source = at === undefined && version === undefined ? { at: 'now' } : sourceOf({ at, version })
    return c.json(await archive.copyPage(roomOf(page), source, fresh, await asked(c, caller)), 201)
  })
  api.openapi(remove, async (c) => {
    const page = c.req.valid('param')
    await authorize(c, page, 'manage')
    if (c.req.valid('query').hard === 'true') {
      await archive.erasePage(roomOf(page))
      note(c, { detail: { hard: true } })
    } else await archive.deletePage(roomOf(page))
    return c.body(null, 204)
  })
  api.openapi(undelete, async (c) => {
    const page = c.req.valid('param')
    await authorize(c, page, 'manage')
    await archive.undeletePage(roomOf(page))
    return c.body(null, 204)
  })
}

/** @throws whatever else it is given */
const nothingIfMissing = (error: unknown): null => {
  if (error instanceof ArchiveFault && error.kind === 'missing') return null
  throw error
}

/** `body:xml,title:text`. @throws Problem 400 */
const rootsOf = (given: string | undefined): Record<string, RootType> => {
  const roots: Record<string, RootType> = {}
  for (const entry of (given ?? '').split(',').filter((part) => part !== '')) {
    const at = entry.lastIndexOf(':')
    const kind = KINDS.find((known) => known === entry.slice(at + 1))
    if (at < 1 || kind === undefined) {
      throw new Problem(400, 'Bad request', `roots holds '${entry}': must be <name>:${KINDS.join('|')}`)
    }
    roots[entry.slice(0, at)] = kind
  }
  return roots
}
