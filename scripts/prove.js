/** Proves one promise over many more seeds than `npm test` has time for. */
import { spawn } from 'node:child_process'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { binOf, buildIfStale } from './build.js'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')

/** Each is a file of tests that reads SCRIPTORIUM_SEEDS and SEED, and names a seed that fails. */
const PROOFS = {
  restore: { about: 'restores and undos over random histories', file: 'test/restore/seeds.test.ts', seeds: 20_000 },
}

const USAGE = `Usage: npm run prove -- <what> [--seeds <n>] [--from <seed>]

${Object.entries(PROOFS)
  .map(([name, { about, seeds }]) => `  ${name.padEnd(10)}${about} (${seeds} seeds)`)
  .join('\n')}
`

const number = (args, name, fallback) => {
  const at = args.indexOf(name)
  return at < 0 ? fallback : Number(args[at + 1])
}

const [name, ...args] = process.argv.slice(2)
if (name === undefined || name === '--help' || !Object.hasOwn(PROOFS, name)) {
  process.stdout.write(USAGE)
  process.exitCode = name === '--help' ? 0 : 2
} else {
  buildIfStale()
  const proof = PROOFS[name]
  const seeds = number(args, '--seeds', proof.seeds)
  const from = number(args, '--from', 1)
  process.stdout.write(`${name}: seeds ${from} to ${from + seeds - 1}\n`)
  const child = spawn(process.execPath, [binOf('vitest', 'vitest'), 'run', proof.file], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      SCRIPTORIUM_BUILT: '1',
      SCRIPTORIUM_SEEDS: String(seeds),
      SCRIPTORIUM_FIRST_SEED: String(from),
    },
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
}
