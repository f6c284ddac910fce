/** What access costs: `node dist/scripts/bench/access/main.js`. Prints, asserts nothing. */
import { measureAdmission } from './admission.ts'
import { type Connections, measureConnections } from './connections.ts'

const { us, ownershipUs } = measureAdmission()
process.stdout.write(
  `Letting a keystroke in: ${us.toFixed(2)} µs, of which ownership ${ownershipUs.toFixed(2)} (to reach: 4)\n`,
)
const open = [await measureConnections(true), await measureConnections(true)]
const token = [await measureConnections(false), await measureConnections(false)]
const least = (runs: readonly Connections[], of: (run: Connections) => number): number => Math.min(...runs.map(of))
const [openMs, firstMs, againMs] = [
  least(open, ({ cpuMs }) => cpuMs),
  least(token, ({ cpuMs }) => cpuMs),
  least(token, (run) => run.againMs),
]
const idle = [open, token].map((runs) => (least(runs, ({ idleBytes }) => idleBytes) / 1000).toFixed(1))
process.stdout.write(
  [
    `A connection: ${openMs.toFixed(3)} ms of CPU in open mode (to reach: 1.3 times that with a token)`,
    `  with a token not seen before: ${firstMs.toFixed(3)} ms, ${(firstMs / openMs).toFixed(2)} times`,
    `  with that of a moment ago:    ${againMs.toFixed(3)} ms, ${(againMs / openMs).toFixed(2)} times`,
    `An idle socket: ${idle[0]} kB in open mode, ${idle[1]} with a token (to reach: 20)`,
    '',
  ].join('\n'),
)
