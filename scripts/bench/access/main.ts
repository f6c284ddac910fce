/** What access costs: `npm run bench -- access`. */
import type { Spread } from '../statistics.ts'
import { measureAdmission } from './admission.ts'
import { measureConnections } from './connections.ts'

/** Measures, and prints beside what is to be reached. @returns the exit code */
export const run = async (): Promise<number> => {
  const { us, ownershipUs } = measureAdmission()
  process.stdout.write(
    `Letting a keystroke in: ${us.toFixed(2)} µs, of which ownership ${ownershipUs.toFixed(2)} (to reach: 4)\n`,
  )
  const { openMs, firstTimes, againTimes, idleBytes } = await measureConnections()
  const times = ({ median, least, most }: Spread): string =>
    `${median.toFixed(2)} times that (${least.toFixed(2)} to ${most.toFixed(2)})`
  const kilobytes = idleBytes.map((bytes) => (bytes / 1000).toFixed(1))
  process.stdout.write(
    [
      `A connection: ${openMs.median.toFixed(3)} ms of CPU in open mode (to reach: 1.3 times that with a token)`,
      `  with a token not seen before: ${times(firstTimes)}`,
      `  with that of a moment ago:    ${times(againTimes)}`,
      `An idle socket: ${kilobytes[0]} kB in open mode, ${kilobytes[1]} with a token (to reach: 20)`,
      '',
    ].join('\n'),
  )
  return 0
}
