/** Many that join one page that is open already, and how long each waits until it has all of it. */
import { seededRandom } from '../random.ts'
import { bring } from './fill.ts'
import { checkAfresh } from './fresh-client.ts'
import { Histogram } from './histogram.ts'
import type { JoinJob, JoinResult, Reach } from './jobs.ts'
import { Member } from './member.ts'
import { makePage } from './pages.ts'
import { typingSource } from './traces.ts'
import { textOf, typeAlone } from './typing.ts'
import { sleep } from './until.ts'
import { updateFrame } from './wire.ts'
import { CALM_MS, KEYSTROKES, typeOneByOne, updatesOf } from './worked-on.ts'

/** @throws Error when a join fails, or a fresh client reads something else at the end */
export const join = async (job: JoinJob, reach: Reach): Promise<JoinResult> => {
  const { endpoint } = job
  const room = `${job.prefix}-0`
  const random = seededRandom(job.seed)
  const page = makePage(job.page, random)
  const writer = typeAlone(page, 0, KEYSTROKES + job.pending, random, (update) =>
    updateFrame(endpoint.dialect, room, update),
  )
  const host = await bring(endpoint, room, page)
  const members: Member[] = [host]
  let failure: Error | null = null
  const failed = (error: Error) => {
    failure ??= error
  }
  const waits = new Histogram()
  let receivedBytes = 0
  const joinOne = async () => {
    const from = performance.now()
    const member = await Member.join(endpoint, room, {
      failed,
      update: (update) => {
        receivedBytes += update.length
      },
    })
    waits.add(performance.now() - from)
    members.push(member)
  }
  try {
    await typeOneByOne(host, writer, 0, KEYSTROKES)
    await sleep(CALM_MS)
    await reach('ready')
    await typeOneByOne(host, writer, KEYSTROKES, writer.edits)
    await reach('measure')
    const from = performance.now()
    const gapMs = (job.overSeconds * 1000) / job.joiners
    await Promise.all(
      Array.from({ length: job.joiners }, async (_, index) => {
        if (gapMs > 0) await sleep(index * gapMs)
        await joinOne()
      }),
    )
    const seconds = (performance.now() - from) / 1000
    await reach('measured')
    if (failure !== null) throw failure
    await checkAfresh(endpoint, [{ room, text: () => textOf([page, ...updatesOf(writer)]) }])
    return { typed: typingSource(), pageBytes: page.length, joins: waits.summary(), seconds, receivedBytes }
  } finally {
    for (const member of members) member.close()
  }
}
