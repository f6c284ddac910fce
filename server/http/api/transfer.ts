/** A story as a zip of files, out and in. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { unzipSync, zipSync } from 'fflate'
import type { Files } from '../../log/archive/bundle.ts'
import { Problem } from '../problem.ts'
import { type ApiParts, Flag, json, problems, StoryParams } from './parts.ts'

const ZIP = 'application/zip'
const zipContent = { [ZIP]: { schema: z.string().openapi({ format: 'binary' }) } }

const take = createRoute({
  method: 'get',
  path: '/stories/{story}/archive',
  summary: 'Pages and versions as files: Yjs bytes, JSON, text',
  request: { params: StoryParams },
  responses: { 200: { description: 'A zip', content: zipContent }, ...problems(410) },
})

const bring = createRoute({
  method: 'post',
  path: '/stories/{story}/archive',
  summary: 'Bring in what /archive gave, under this name; all of it or nothing',
  request: { params: StoryParams, query: z.object({ dryRun: Flag }), body: { required: true, content: zipContent } },
  responses: {
    201: json(
      z.object({
        story: z.string(),
        pages: z.array(z.string()).readonly(),
        versions: z.number().int(),
        bytes: z.number().int(),
      }),
      'What was imported, or with dryRun=true would be',
    ),
    ...problems(409, 413),
  },
})

/** Equal files make equal zips: no time is written. */
export const zipped = (files: Files): Uint8Array => zipSync({ ...files }, { level: 6, mtime: '1980-01-01T00:00:00' })

export const transferRoutes = (api: OpenAPIHono, { archive, authorize, maxBodyBytes }: ApiParts): void => {
  api.openapi(take, async (c) => {
    const { story } = c.req.valid('param')
    await authorize(c, { story }, 'manage')
    const zip = zipped(await archive.exportStory(story))
    return c.body(zip.slice(), 200, { 'content-type': ZIP, 'content-disposition': 'attachment; filename="story.zip"' })
  })
  api.openapi(bring, async (c) => {
    const { story } = c.req.valid('param')
    const caller = await authorize(c, { story }, 'manage')
    const zip = new Uint8Array(await c.req.arrayBuffer())
    const dryRun = c.req.valid('query').dryRun === 'true'
    const files = unzipped(zip, maxBodyBytes)
    return c.json(await archive.importStory(files, { story, author: caller.user, dryRun }), 201)
  })
}

/** A zip says how large its files are: what says too much is not unpacked. */
const unzipped = (zip: Uint8Array, maxBytes: number): Files => {
  const total = 16 * maxBytes
  let bytes = 0
  try {
    return unzipSync(zip, {
      filter: ({ originalSize }) => {
        bytes += originalSize
        if (bytes > total) throw new Problem(413, 'Too large', `a story may have ${total} bytes unpacked`)
        return true
      },
    })
  } catch (error) {
    if (error instanceof Problem) throw error
    throw new Problem(400, 'Bad request', `this is no zip that can be read: ${(error as Error).message}`)
  }
}
