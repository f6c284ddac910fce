/** Starts the load process, gives it one job and answers when it waits. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Releases } from '../../server/release.ts'
import { loadCores, pinned } from './cores.ts'
import type { FromLoad, Job, Stage, ToLoad } from './load/jobs.ts'

const entry = fileURLToPath(new URL('./load/main.js', import.meta.url))

/** Called with the load's process id when it reaches a stage; the load goes on when it returns. */
export type OnStage = (stage: Stage, pid: number) => void | Promise<void>

/** Runs one job in a process of its own. @throws Error with what went wrong there */
export const runLoad = async <T>(job: Job, releases: Releases, onStage: OnStage = () => undefined): Promise<T> => {
  const [execPath, execArgv] = pinned(loadCores, process.execPath, ['--max-old-space-size=8192'])
  const child = fork(entry, { execPath, execArgv, stdio: ['ignore', 2, 2, 'ipc'] })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const end = async () => {
    if (child.connected) child.disconnect()
    await gone
  }
  releases.push(end)
  const tell = (message: ToLoad) => void child.send(message)
  try {
    return await new Promise<T>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`the load process ended (exit code ${code})`)))
      child.on('message', (message: FromLoad) => {
        if (message.type === 'done') resolve(message.result as T)
        else if (message.type === 'failed') reject(new Error(message.message))
        else Promise.resolve(onStage(message.stage, child.pid ?? 0)).then(() => tell({ type: 'go' }), reject)
      })
      tell({ type: 'job', job })
    })
  } finally {
    await end()
  }
}
