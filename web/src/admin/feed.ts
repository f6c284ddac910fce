/** The stream that the whole console lives on: figures and work as they come, opened again whenever it is lost. */
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { useEffect, useState } from 'preact/hooks'
import type { Figures } from '../../../shared/operators.ts'
import { request } from './service.ts'
import type { Job } from './told.ts'

export interface Feed {
  readonly isLive: boolean
  /** The last minutes, oldest first. */
  readonly rows: readonly Figures[]
  /** Work that is under way or ended lately, the newest first. */
  readonly jobs: readonly Job[]
}

/** Five minutes, a row each second. */
const MOST_ROWS = 300
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000

export const useFeed = (): Feed => {
  const [feed, setFeed] = useState<Feed>({ isLive: false, rows: [], jobs: [] })
  useEffect(() => {
    const closing = new AbortController()
    void follow(closing.signal, (change) => setFeed(change))
    return () => closing.abort()
  }, [])
  return feed
}

type Change = (feed: Feed) => Feed

const follow = async (signal: AbortSignal, tell: (change: Change) => void): Promise<void> => {
  let pause = FIRST_PAUSE_MS
  while (!signal.aborted) {
    try {
      const answer = await request('/admin/events', { signal })
      pause = FIRST_PAUSE_MS
      tell((feed) => ({ ...feed, isLive: true }))
      await read(answer, tell)
    } catch (error) {
      // Away, or told to go: the notice says so, and it is tried again.
      console.info('the stream of events was lost', error)
    }
    if (signal.aborted) return
    tell((feed) => ({ ...feed, isLive: false }))
    await new Promise((resolve) => setTimeout(resolve, pause))
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
  }
}

const read = async (answer: Response, tell: (change: Change) => void): Promise<void> => {
  const events = answer.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  const reader = events?.getReader()
  for (;;) {
    const next = await reader?.read()
    if (next === undefined || next.done) return
    const { event, data } = next.value
    if (event === 'figures') tell((feed) => withRow(feed, JSON.parse(data)))
    else if (event === 'job') tell((feed) => withJob(feed, JSON.parse(data)))
  }
}

const withRow = (feed: Feed, row: Figures): Feed => ({ ...feed, rows: [...feed.rows, row].slice(-MOST_ROWS) })

const withJob = (feed: Feed, job: Job): Feed => {
  const jobs = [job, ...feed.jobs.filter(({ id }) => id !== job.id)]
  return { ...feed, jobs: jobs.sort((a, b) => b.startedAt - a.startedAt) }
}
