/** The load process: one job, told by the bench over the channel between them. */

import type { FromLoad, Job, Stage, ToLoad } from './jobs.ts'
import { fill, hold } from './memory.ts'
import { replay } from './replay.ts'

const tell = (message: FromLoad): void => {
  process.send?.(message)
}

let go: () => void = () => undefined

/** Tells the bench where the job stands and waits for its word. */
const reach = (stage: Stage): Promise<void> =>
  new Promise((resolve) => {
    go = resolve
    tell({ type: 'stage', stage })
  })

const work = (job: Job) => {
  switch (job.kind) {
    case 'replay':
      return replay(job, reach)
    case 'fill':
      return fill(job)
    case 'hold':
      return hold(job, reach)
    default:
      return job satisfies never
  }
}

process.on('message', (message: ToLoad) => {
  if (message.type === 'go') return go()
  work(message.job).then(
    (result) => tell({ type: 'done', result }),
    (error: unknown) =>
      tell({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
process.on('disconnect', () => process.exit())
