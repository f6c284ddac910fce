/** Proofs that take longer than the tests may: the same suites, at the size that is asked for here. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const PROOFS = {
  poison: {
    about: '40,000 updates of changed bytes and 40,000 of forged structures',
    files: ['test/room/poison.test.ts'],
    env: { POISON_COUNT: '40000' },
  },
}

const usage = () => {
  const lines = Object.entries(PROOFS).map(([name, { about }]) => `  ${name.padEnd(10)}${about}`)
  return `Usage: npm run prove -- <proof> [--help]\n\nProofs (SEED=… repeats one):\n${lines.join('\n')}\n`
}

const [name, ...rest] = process.argv.slice(2)
if (name === undefined || name === '--help' || rest.length > 0 || !Object.hasOwn(PROOFS, name)) {
  process.stdout.write(usage())
  process.exitCode = name === '--help' ? 0 : 2
} else {
  const { files, env } = PROOFS[name]
  const runner = fileURLToPath(new URL('./test.js', import.meta.url))
  const child = spawn(process.execPath, [runner, ...files], { stdio: 'inherit', env: { ...process.env, ...env } })
  child.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
}
