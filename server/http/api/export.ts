/** A story to take away: an e-book, one HTML file, Markdown, or sheets to print. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type Exported, exportStory, FORMATS } from '../../export/export.ts'
import { dispositionOf } from '../../export/names.ts'
import { Problem } from '../problem.ts'
import { type ApiParts, problems, StoryParams } from './parts.ts'

const binary = { schema: z.string().openapi({ format: 'binary' }) }

const take = createRoute({
  method: 'get',
  path: '/stories/{story}/export',
  summary: 'A story as EPUB 3, HTML, Markdown or print-ready pages, as far as the caller may read it',
  request: {
    params: StoryParams,
    query: z.object({
      format: z.enum(FORMATS).default('epub'),
      lang: z
        .string()
        .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'must be a language such as en or pt-BR')
        .optional()
        .openapi({ description: 'The language it is written in, where the story does not say' }),
    }),
  },
  responses: {
    200: {
      description: 'The file; Markdown is a zip where there are pictures',
      content: {
        'application/epub+zip': binary,
        'text/html': binary,
        'text/markdown': binary,
        'application/zip': binary,
      },
    },
    ...problems(413),
  },
})

/** So many are written and sent at once: the text of each is in memory. */
const MOST_AT_ONCE = 4
/** Whoever has not taken it all by then is cut. */
const LONGEST_MS = 300_000

export const exportRoutes = (api: OpenAPIHono, { archive, authorize, sees, after }: ApiParts): void => {
  let underWay = 0
  api.openapi(take, async (c) => {
    const { story } = c.req.valid('param')
    const { format, lang = null } = c.req.valid('query')
    const caller = await authorize(c, { story }, 'read')
    if (underWay >= MOST_AT_ONCE) {
      throw new Problem(503, 'Busy', 'too many stories are being written: try again', { 'retry-after': '5' })
    }
    underWay++
    const release = () => {
      underWay--
    }
    let exported: Exported
    try {
      const mayRead = (page: string) => sees(caller, story, page)
      exported = await exportStory(archive, { story, format, language: lang, mayRead })
    } catch (error) {
      release()
      throw error
    }
    const { type, name, policy, body } = exported
    const headers = {
      'content-type': type,
      'content-disposition': dispositionOf(name),
      'content-security-policy': policy,
    }
    if (c.req.method === 'HEAD') release()
    const sent = c.req.method === 'HEAD' ? null : streamOf(body, after, release)
    return new Response(sent, { headers }) as never
  })
}

/** A body that is read as fast as it is taken, and given up when that lasts too long. */
const streamOf = (
  pieces: AsyncGenerator<Uint8Array>,
  after: ApiParts['after'],
  ended: () => void,
): ReadableStream<Uint8Array> => {
  let isEnded = false
  const end = () => {
    if (isEnded) return
    isEnded = true
    stopTimer()
    ended()
  }
  let stopTimer: () => void = () => undefined
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        stopTimer = after(LONGEST_MS, () => {
          controller.error(new Error('it was not taken in time'))
          end()
        })
      },
      pull: async (controller) => {
        try {
          const { value, done } = await pieces.next()
          if (done !== true) return controller.enqueue(value)
          controller.close()
          end()
        } catch (error) {
          end()
          throw error
        }
      },
      cancel: async () => {
        end()
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
