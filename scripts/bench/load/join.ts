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
import { sleep, until } from './until.ts'
import { updateFrame } from './wire.ts'

/** Keystrokes after the page came, one by one: servers that keep a log fold it after some. */
const KEYSTROKES = 300
const CALM_MS = 2000

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
  const type = async (from: number, to: number) => {
    for (let edit = from; edit < to; edit++) {
      host.send(writer.frames.at(edit), performance.now())
      await settled(host)
    }
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
    await type(0, KEYSTROKES)
    await sleep(CALM_MS)
    await reach('ready')
    await type(KEYSTROKES, writer.edits)
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
    const typed = Array.from({ length: writer.edits }, (_, edit) => writer.frames.update(edit))
    await checkAfresh(endpoint, [{ room, text: () => textOf([page, ...typed]) }])
    return { typed: typingSource(), pageBytes: page.length, joins: waits.summary(), seconds, receivedBytes }
  } finally {
    for (const member of members) member.close()
  }
}

const settled = async (member: Member): Promise<void> => {
  await sleep(1)
  await until(
    () => member.unsaved === 0,
    () => null,
    () => 'a keystroke is not acknowledged',
  )
}
