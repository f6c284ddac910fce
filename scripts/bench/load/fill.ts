/** Pages that are written once, by somebody who had them before and leaves again. */
import { seededRandom } from '../random.ts'
import type { Endpoint } from '../targets/target.ts'
import type { FillJob, FillResult } from './jobs.ts'
import { Member } from './member.ts'
import { makePage } from './pages.ts'
import { inParallel } from './parallel.ts'
import { sleep } from './until.ts'

const AT_ONCE = 50
/** Where nothing is acknowledged, a server has had this long to take a page in. */
const UNACKNOWLEDGED_MS = 20

/** Writes the pages. @throws Error when one is refused */
export const fill = async (job: FillJob): Promise<FillResult> => {
  const page = makePage(job.page, seededRandom(job.seed))
  await inParallel(job.rooms, AT_ONCE, async (index) => {
    const member = await bring(job.endpoint, `${job.prefix}-${index}`, page)
    member.close()
  })
  return { bytes: page.length }
}

/** Joins a room with a page that the server does not have. @returns the member, once it is saved where that is told */
export const bring = async (endpoint: Endpoint, room: string, page: Uint8Array): Promise<Member> => {
  let saved: () => void = () => undefined
  const isSaved = new Promise<void>((resolve) => {
    saved = resolve
  })
  let lost: (error: Error) => void = () => undefined
  const broken = new Promise<never>((_, reject) => {
    lost = reject
  })
  broken.catch(() => undefined)
  const member = await Member.join(
    endpoint,
    room,
    {
      saved: () => saved(),
      failed: (error) => lost(error),
    },
    { answer: page },
  )
  await Promise.race([endpoint.dialect === 'scriptorium' ? isSaved : sleep(UNACKNOWLEDGED_MS), broken])
  return member
}
