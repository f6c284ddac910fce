/** Pages that are written once, and members that come and only stay. */
import { seededRandom } from '../random.ts'
import type { FillJob, FillResult, HoldJob, Stage } from './jobs.ts'
import { Member, updateFrame } from './member.ts'
import { inParallel } from './parallel.ts'
import { writtenPage } from './typing.ts'

const AT_ONCE = 50

/** Writes the pages. @throws Error when one is not acknowledged */
export const fill = async (job: FillJob): Promise<FillResult> => {
  const page = writtenPage(job.bytes, seededRandom(job.seed))
  const frame = updateFrame(page)
  await inParallel(job.rooms, AT_ONCE, (index) => write(job, `${job.prefix}-${index}`, frame))
  return { bytes: page.length }
}

const write = async (job: FillJob, room: string, frame: Buffer): Promise<void> => {
  let [settle, fail]: [() => void, (error: Error) => void] = [() => undefined, () => undefined]
  const saved = new Promise<void>((resolve, reject) => {
    settle = resolve
    fail = reject
  })
  const sentAt = performance.now()
  const member = await Member.join(job.endpoint, room, {
    update: () => undefined,
    // Its empty step 2 is acknowledged too; the page is the last thing it sends.
    saved: () => {
      if (member.unsaved === 0) settle()
    },
    failed: fail,
  })
  member.send(frame, sentAt)
  await saved
  member.close()
}

/** Joins in two stages, at each of which the bench looks at the memory of the service. */
export const hold = async (job: HoldJob, reach: (stage: Stage) => Promise<void>): Promise<null> => {
  let failure: Error | null = null
  const members: Member[] = []
  const join = async (room: string) => {
    const member = await Member.join(job.endpoint, room, {
      update: () => undefined,
      saved: () => undefined,
      failed: (error) => {
        failure ??= error
      },
    })
    members.push(member)
  }
  await join(`${job.prefix}-0`)
  await reach('ready')
  await inParallel(job.rooms, AT_ONCE, () => join(`${job.prefix}-0`))
  await reach('one-room')
  await inParallel(job.rooms, AT_ONCE, (index) => join(`${job.prefix}-${index + 1}`))
  await reach('own-rooms')
  if (failure !== null) throw failure
  for (const member of members) member.close()
  return null
}
