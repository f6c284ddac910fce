/** A clock of its own speed for a provider, where its real waits are too long for a test, or too short. */
import type { Ports } from '../../shared/provider/ports.ts'

/** @param times how many times faster than the real one */
export const hurried = (times: number): Partial<Ports> => ({
  now: () => performance.now() * times,
  after: (ms, task) => {
    const timer = setTimeout(task, ms / times)
    return () => clearTimeout(timer)
  },
})
