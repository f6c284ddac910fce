/** What access costs: `node dist/scripts/bench/access/main.js`. Prints, asserts nothing. */
import { measureAdmission } from './admission.ts'
import { measureConnections } from './connections.ts'

const { us, ownershipUs } = measureAdmission()
process.stdout.write(
  `Letting a keystroke in: ${us.toFixed(2)} µs, of which ownership ${ownershipUs.toFixed(2)} (to reach: 4)\n`,
)
const rounds = [await measureConnections(true), await measureConnections(false)]
const again = [await measureConnections(true), await measureConnections(false)]
const [open, token] = [0, 1].map((n) => ({
  cpuMs: Math.min(rounds[n]?.cpuMs ?? 0, again[n]?.cpuMs ?? 0),
  idleBytes: Math.min(rounds[n]?.idleBytes ?? 0, again[n]?.idleBytes ?? 0),
})) as [{ cpuMs: number; idleBytes: number }, { cpuMs: number; idleBytes: number }]
process.stdout.write(
  [
    `A connection: ${open.cpuMs.toFixed(3)} ms of CPU in open mode, ${token.cpuMs.toFixed(3)} with a token: ${(token.cpuMs / open.cpuMs).toFixed(2)} times (to reach: 1.3)`,
    `An idle socket: ${(open.idleBytes / 1000).toFixed(1)} kB in open mode, ${(token.idleBytes / 1000).toFixed(1)} with a token (to reach: 20)`,
    '',
  ].join('\n'),
)
