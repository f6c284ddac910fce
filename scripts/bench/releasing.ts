/** What a bench has started ends with it: when it is done, when it fails, and when somebody stops it. */
import { constants } from 'node:os'
import { Releases } from '../../server/release.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Runs what acquires, and releases all of it at its end; on a signal at once, and the process ends. @throws what `work` does */
export const releasing = async <T>(work: (releases: Releases) => Promise<T>): Promise<T> => {
  const releases = new Releases()
  const stop = (signal: (typeof SIGNALS)[number]) => {
    const end = () => process.exit(128 + constants.signals[signal])
    releases.run().then(end, end)
  }
  for (const signal of SIGNALS) process.once(signal, stop)
  try {
    return await work(releases)
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop)
    await releases.run()
  }
}
