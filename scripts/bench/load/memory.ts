/** Pages that are written once, and members that come and only stay. */
import { seededRandom } from '../random.ts'
import type { FillJob, FillResult, HoldJob, Stage } from './jobs.ts'
import { Member, updateFrame } from './member.ts'
import { inParallel } from './parallel.ts'
import { writtenPage } from './typing.ts'

const AT_ONCE = 50
/** Tells the page's acknowledgement from that of the empty step 2. */
const PAGE_SENT = -1

/** Writes the pages. @throws Error when one is not acknowledged */
export const fill = async (job: FillJob): Promise<FillResult> => {
  const page = writtenPage(job.bytes, seededRandom(job.seed))
  const frame = updateFrame(page)
  await inParallel(job.rooms, AT_ONCE, (index) => write(job, `${job.prefix}-${index}`, frame))
  return { bytes: page.length }
}

const write = async (job: FillJob, room: string, frame: Buffer): Promise<void> => {
  const member = await new Promise<Member>((resolve, reject) => {
    const joining = Member.join(job.endpoint, room, {
      update: () => undefined,
      saved: (sentAt) => {
        if (sentAt === PAGE_SENT) joining.then(resolve, reject)
      },
      failed: reject,
    })
    joining.then((joined) => joined.send(frame, PAGE_SENT), reject)
  })
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
