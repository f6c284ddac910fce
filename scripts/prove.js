/** Proves one promise for longer, or over more seeds, than `npm test` has time for. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')

/** Each is a file of tests, or several, that reads the variables given here, and SEED, and prints the seed of a failure. */
const PROOFS = {
  poison: {
    about: '40,000 updates of changed bytes and 40,000 of forged structures',
    file: 'test/room/poison.test.ts',
    env: { POISON_COUNT: '40000' },
  },
  fold: {
    about: 'two processes fold and two write on one PostgreSQL for 60 seconds',
    file: 'test/history/fold-race.test.ts',
    env: { SCRIPTORIUM_SECONDS: '60' },
  },
  compact: {
    about: 'compaction of 2,000 pages beside a live service, and its clients’ latency',
    file: 'test/history/compact.test.ts',
    env: { SCRIPTORIUM_PAGES: '2000' },
  },
  restore: {
    about: 'restores and undos over 20,000 random histories',
    file: 'test/restore/seeds.test.ts',
    env: { SCRIPTORIUM_SEEDS: '20000' },
  },
  nodes: {
    about: '10,000 sockets in 2,000 rooms over two nodes that are started anew one after the other',
    file: 'test/cluster/many.test.ts',
    env: { SCRIPTORIUM_SOCKETS: '10000' },
  },
  matrix: {
    about: 'twelve set-ups of three processes, each with 200 pages and 600 stock clients, one after the other',
    file: 'test/cluster/matrix.test.ts',
    env: { SCRIPTORIUM_ROOMS: '200' },
  },
  network: {
    about: '100 runs of providers on a random network: cuts, stalls, crashes, clocks that jump, tokens that end',
    file: 'test/provider/network.test.ts',
    env: { SCRIPTORIUM_RUNS: '100' },
  },
  'provider-storm': {
    about: '10,000 providers come back after a restart, and after kill -9',
    file: 'test/provider/storm.test.ts',
    env: { SCRIPTORIUM_PROVIDERS: '10000' },
  },
  'slow-line': {
    about: 'a first sync of 20 MB at 1 Mbit/s and 300 ms',
    file: 'test/provider/long.test.ts',
    env: { SCRIPTORIUM_MEGABYTES: '20' },
  },
  citus: {
    about: 'storage, history, restore, the HTTP API and several processes on a Citus (TEST_DATABASE_URL names it)',
    file: [
      ...['storage', 'history', 'restore', 'http'].map((suite) => `test/${suite}`),
      'test/provider/story.test.ts',
      ...['two', 'three', 'holders', 'members', 'nodes', 'matrix', 'workers'].map((of) => `test/cluster/${of}.test.ts`),
    ],
    needs: 'TEST_DATABASE_URL',
    env: {},
  },
  hermes: {
    about: 'the provider in Hermes, the engine of React Native (fetches 150 MB once)',
    file: 'test/provider/hermes.test.ts',
    env: { SCRIPTORIUM_HERMES: join(root, 'bench-results', 'hermes') },
    packages: ['hermes-engine-cli@0.12.0', '@babel/core@7.29.13', '@babel/preset-env@7.29.14'],
  },
}

/** Fetches what a proof needs and nothing else does. @returns whether it is there */
const fetchOnce = (folder, packages) => {
  const manifest = join(folder, 'package.json')
  if (existsSync(join(folder, 'node_modules'))) return true
  mkdirSync(folder, { recursive: true })
  writeFileSync(manifest, '{ "private": true }\n')
  return spawnSync('npm', ['install', '--save-exact', ...packages], { cwd: folder, stdio: 'inherit' }).status === 0
}

const USAGE = `Usage: npm run prove -- <what>

${Object.entries(PROOFS)
  .map(([name, { about }]) => `  ${name.padEnd(16)}${about}`)
  .join('\n')}

SEED=<n> repeats a run.
`

const [name] = process.argv.slice(2)
if (name === undefined || name === '--help' || !Object.hasOwn(PROOFS, name)) {
  process.stdout.write(USAGE)
  process.exitCode = name === '--help' ? 0 : 2
} else if (PROOFS[name].needs && !process.env[PROOFS[name].needs]) {
  process.stderr.write(`${PROOFS[name].needs} is not set: ${PROOFS[name].about}\n`)
  process.exitCode = 2
} else if (PROOFS[name].packages && !fetchOnce(Object.values(PROOFS[name].env)[0], PROOFS[name].packages)) {
  process.exitCode = 1
} else {
  const { file, env } = PROOFS[name]
  const child = spawn(process.execPath, [resolve(root, 'scripts/test.js'), ...[file].flat()], {
    cwd: root,
    stdio: 'inherit',
    // What is given wins over what is proposed.
    env: { ...env, ...process.env },
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
}
