/** The load process: one job, told by the bench over the channel between them. */
import { fill } from './fill.ts'
import { hold } from './hold.ts'
import type { FromLoad, Job, JobResult, Stage, ToLoad } from './jobs.ts'
import { join } from './join.ts'
import { comeBack } from './return.ts'
import { type } from './type.ts'

const tell = (message: FromLoad): void => {
  process.send?.(message)
}

let go: () => void = () => undefined

const reach = (stage: Stage): Promise<void> =>
  new Promise((resolve) => {
    go = resolve
    tell({ type: 'stage', stage })
  })

const work = (job: Job): Promise<JobResult> => {
  switch (job.kind) {
    case 'typing':
      return type(job, reach)
    case 'fill':
      return fill(job)
    case 'hold':
      return hold(job, reach)
    case 'join':
      return join(job, reach)
    case 'return':
      return comeBack(job, reach)
    default:
      return job satisfies never
  }
}

process.on('message', (message: ToLoad) => {
  if (message.type === 'go') return go()
  work(message.job).then(
    (result) => tell({ type: 'done', result }),
    (error: unknown) => tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', () => process.exit())
