/** What it costs that a page is open in two processes: how long an edit takes from one to the other, over each channel. */
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../database.ts'
import { releasing } from '../releasing.ts'
import { serviceTarget } from '../targets/service.ts'
import { type Crossing, measureCrossing } from './crossing.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const SIZE: Crossing = { pages: 50, rate: 5, seconds: 10 }
const QUICK: Crossing = { pages: 5, rate: 5, seconds: 2 }
const LOCAL_REDIS = 'redis://127.0.0.1:6379'

/** What the middle edit may take, in ms; none: the poll looks once a second. */
const MARKS = { postgres: 15, redis: 5, memory: 2000 } as const

/** Runs the suite. @returns 0, or 1 when a figure missed its mark */
export const run = async (args: readonly string[]): Promise<number> => {
  const size = args.includes('--quick') ? QUICK : SIZE
  say(`Edits from one process to another: ${size.pages} pages, ${size.rate} edits a second on each, ${size.seconds} s`)
  const redis = process.env.REDIS_URL || LOCAL_REDIS
  const hasRedis = await answers(redis)
  if (!hasRedis) say('Left out: redis, because none answers at REDIS_URL or on 127.0.0.1:6379')
  const reached: boolean[] = []
  for (const channel of ['postgres', ...(hasRedis ? (['redis'] as const) : []), 'memory'] as const) {
    reached.push(await measure(channel, channel === 'redis' ? redis : channel, size))
  }
  return reached.every(Boolean) ? 0 : 1
}

const measure = async (name: keyof typeof MARKS, CHANNEL: string, size: Crossing): Promise<boolean> => {
  return releasing(async (releases) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'scriptorium-bench-data-'))
    releases.push(() => rm(dataDir, { recursive: true, force: true }))
    const database = await openDatabase(releases)
    const target = serviceTarget({ database, dataDir, stock: true, env: { CHANNEL } })
    const first = await target.start(releases, { inspected: false, keeps: false })
    const second = await target.start(releases, { inspected: false, keeps: false })
    const crossed = await measureCrossing([first.endpoint.base, second.endpoint.base], size)
    const [p50, p99] = [crossed.percentile(0.5), crossed.percentile(0.99)]
    const isReached = p50 < MARKS[name]
    say(
      `  ${isReached ? ' ' : '!'} ${name.padEnd(10)} p50 ${p50.toFixed(1).padStart(7)} ms (below ${MARKS[name]}), p99 ${p99.toFixed(1).padStart(7)} ms, ${crossed.count} edits`,
    )
    return isReached
  })
}

const answers = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port) || 6379, hostname)
    const end = (found: boolean) => {
      socket.destroy()
      resolve(found)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.setTimeout(2000, () => end(false))
  })
