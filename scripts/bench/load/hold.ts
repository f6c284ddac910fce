/** Members that come and only stay, while the bench looks at what they cost. */
import { seededRandom } from '../random.ts'
import { checkAfresh } from './fresh-client.ts'
import type { HoldJob, Reach } from './jobs.ts'
import { Member } from './member.ts'
import { makePage } from './pages.ts'
import { inParallel } from './parallel.ts'
import { textOf } from './typing.ts'
import { sleep } from './until.ts'

const AT_ONCE = 50
/** Rooms that a fresh client reads at the end: all would take longer than the run. */
const CHECKED = 10

/** @throws Error when one cannot join, or is sent away */
export const hold = async (job: HoldJob, reach: Reach): Promise<null> => {
  let failure: Error | null = null
  const members: Member[] = []
  const failed = (error: Error) => {
    failure ??= error
  }
  const join = async (room: string) => {
    members.push(await Member.join(job.endpoint, room, { failed }))
  }
  const count = job.rooms * job.clientsPerRoom
  try {
    await join(`${job.prefix}-0`)
    await reach('ready')
    if (job.oneRoomFirst) {
      await inParallel(count, AT_ONCE, () => join(`${job.prefix}-0`))
      await reach('one-room')
    }
    await inParallel(count, AT_ONCE, (index) => join(`${job.prefix}-${1 + (index % job.rooms)}`))
    await reach('own-rooms')
    await sleep(job.settleSeconds * 1000)
    await reach('measure')
    await sleep(job.idleSeconds * 1000)
    await reach('measured')
    if (failure !== null) throw failure
    if (job.endpoint.dialect !== 'relay') await check(job)
  } finally {
    for (const member of members) member.close()
  }
  return null
}

const check = async ({ endpoint, prefix, rooms, page, seed }: HoldJob): Promise<void> => {
  const text = page === null ? '' : textOf([makePage(page, seededRandom(seed))])
  const step = Math.ceil(rooms / CHECKED)
  const checked = Array.from({ length: Math.floor(rooms / step) }, (_, index) => `${prefix}-${1 + index * step}`)
  await checkAfresh(
    endpoint,
    checked.map((room) => ({ room, text: () => text })),
  )
}
