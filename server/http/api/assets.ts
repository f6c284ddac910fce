/** The pictures of a story, by the SHA-256 of their bytes: what has this name never changes. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { bodyLimit } from 'hono/body-limit'
import { ArchiveFault } from '../../log/archive/fault.ts'
import { extensionOf, PICTURE_TYPES } from '../../log/archive/picture-type.ts'
import type { What } from '../authorize.ts'
import { problem } from '../problem.ts'
import { type ApiParts, json, name, problems, StoryParams } from './parts.ts'

const Hash = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 as 64 lower-case hexadecimal digits')
const AssetParams = StoryParams.extend({ sha256: Hash })
const OfPage = z.object({
  page: name
    .optional()
    .openapi({ description: 'A page of the story on which the caller has the right; else the story' }),
})
const binary = { schema: z.string().openapi({ format: 'binary' }) }

const Asset = z.object({
  sha256: z.string(),
  type: z.enum(PICTURE_TYPES),
  bytes: z.number().int(),
})

const put = createRoute({
  method: 'put',
  path: '/stories/{story}/assets/{sha256}',
  summary: 'Keep a picture: PNG, JPEG, WebP, GIF or AVIF, by its content',
  request: {
    params: AssetParams,
    query: OfPage,
    body: { required: true, content: { 'application/octet-stream': binary } },
  },
  responses: {
    200: json(Asset, 'It was kept before'),
    201: json(Asset, 'It is kept'),
    ...problems(413, 415, 429),
  },
})

const get = createRoute({
  method: 'get',
  path: '/stories/{story}/assets/{sha256}',
  summary: 'A picture',
  request: { params: AssetParams, query: OfPage },
  responses: {
    200: { description: 'Its bytes', content: Object.fromEntries(PICTURE_TYPES.map((type) => [type, binary])) },
    304: { description: 'The caller has it already' },
    ...problems(),
  },
})

/** It is shown as a picture and nothing else, wherever it is opened. */
const HARMLESS = {
  'content-security-policy': "default-src 'none'; sandbox",
  'x-content-type-options': 'nosniff',
}

export const assetRoutes = (api: OpenAPIHono, { archive, authorize, assets }: ApiParts): void => {
  const onError = () => {
    assets.refused()
    return problem(413, 'Too large', `A picture may have ${assets.maxBytes} bytes.`)
  }
  api.use('/stories/:story/assets/:sha256', bodyLimit({ maxSize: assets.maxBytes, onError }))
  api.openapi(put, async (c) => {
    const { story, sha256 } = c.req.valid('param')
    const caller = await authorize(c, scopeOf(story, c.req.valid('query').page), 'write')
    const data = new Uint8Array(await c.req.arrayBuffer())
    const wanted = { sha256, data, author: caller.user, mostBytes: assets.maxStoryBytes }
    const { isNew, ...kept } = await archive.keepAsset(story, wanted).catch((error: unknown) => {
      if (error instanceof ArchiveFault && error.kind === 'full') assets.refused()
      throw error
    })
    return c.json(kept, isNew ? 201 : 200)
  })
  api.openapi(get, async (c) => {
    const { story, sha256 } = c.req.valid('param')
    await authorize(c, scopeOf(story, c.req.valid('query').page), 'read')
    const etag = `"${sha256}"`
    const headers = { ...HARMLESS, etag, 'cache-control': 'private, max-age=31536000, immutable' }
    const isHad = c.req.header('if-none-match') === etag
    if (isHad || c.req.method === 'HEAD') {
      await archive.findAsset(story, sha256)
      return c.body(null, isHad ? 304 : 200, headers)
    }
    const { type, data } = await archive.readAsset(story, sha256)
    const disposition = `inline; filename="${sha256.slice(0, 16)}.${extensionOf(type)}"`
    return c.body(data.slice(), 200, { ...headers, 'content-type': type, 'content-disposition': disposition })
  })
}

const scopeOf = (story: string, page: string | undefined): What => (page === undefined ? { story } : { story, page })
