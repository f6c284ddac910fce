/** The stream that the console watches: server-sent events, as many readers as may, each kept to its pace. */
import type { Hono } from 'hono'
import type { Caller } from '../access.ts'
import { type Feed, type FeedEvent, FeedFull } from '../figures/feed.ts'
import type { Authorize } from './authorize.ts'
import { Problem } from './problem.ts'

export interface EventParts {
  readonly authorize: Authorize
  readonly feed: Pick<Feed, 'listen'>
  /** Whether whoever watches may still do so. */
  readonly mayStay: (caller: Caller) => Promise<boolean>
}

/** Events that may wait for a reader: of a slow one figures are dropped first, then it is cut. */
const MOST_WAITING = 64
const FIGURES_WAITING = 8
/** Rows of figures between two looks whether the reader may stay. */
const LOOK_EVERY = 5

export const eventRoutes = (api: Hono, { authorize, feed, mayStay }: EventParts): void => {
  api.get('/admin/events', async (c) => {
    const caller = await authorize(c, 'service', 'admin')
    const encoder = new TextEncoder()
    let isEnded = false
    let forget: () => void = () => undefined
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          let rows = 0
          const end = () => {
            if (isEnded) return
            isEnded = true
            forget()
            controller.close()
          }
          const look = async () => {
            // While nobody can tell, whoever watches goes on.
            if (!(await mayStay(caller).catch(() => true))) end()
          }
          const say = ({ event, data }: FeedEvent) => {
            if (isEnded) return
            const waiting = MOST_WAITING - (controller.desiredSize ?? 0)
            if (event === 'figures' && ++rows % LOOK_EVERY === 0) void look()
            if (event === 'figures' && waiting > FIGURES_WAITING) return
            if (waiting >= MOST_WAITING) return end()
            controller.enqueue(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`))
          }
          controller.enqueue(encoder.encode('retry: 2000\n\n'))
          forget = listening(feed, say)
        },
        cancel: () => {
          isEnded = true
          forget()
        },
      },
      { highWaterMark: MOST_WAITING },
    )
    if (c.req.method === 'HEAD') await stream.cancel()
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
    return new Response(stream, { headers })
  })
}

/** @throws Problem 503 when as many watch as may */
const listening = (feed: EventParts['feed'], say: (event: FeedEvent) => void): (() => void) => {
  try {
    return feed.listen(say)
  } catch (error) {
    if (error instanceof FeedFull) throw new Problem(503, 'Busy', error.message, { 'retry-after': '10' })
    throw error
  }
}
