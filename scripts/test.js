/** Builds, runs the tests, and says how long each suite took, how it ended, and what was left out. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { binOf, buildIfStale } from './build.js'
import { filesOfOneSize } from './sizes.js'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')

const USAGE = `Usage: npm test -- [--full | --larger] [file or folder …]

  --full     every suite at full size
  --larger   of these, what \`npm test\` without it does not run alike: for after that one
Names of files or folders choose what runs; other arguments go to vitest.
`

const runVitest = (args, env) =>
  new Promise((done) => {
    const child = spawn(process.execPath, [binOf('vitest', 'vitest'), 'run', ...args], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...env },
    })
    const pass = (signal) => child.kill(signal)
    process.on('SIGINT', pass).on('SIGTERM', pass)
    child.on('exit', (code) => {
      process.off('SIGINT', pass).off('SIGTERM', pass)
      done(code ?? 1)
    })
  })

/** What vitest and the suites are told for a run of this size, and what is left out of it. */
const sizeOf = (args) => {
  const isLarger = args.includes('--larger')
  const same = isLarger ? filesOfOneSize(root) : []
  return {
    args: [...args.filter((arg) => arg !== '--full' && arg !== '--larger'), ...same.map((file) => `--exclude=${file}`)],
    env: {
      SCRIPTORIUM_TEST_FULL: isLarger || args.includes('--full') ? '1' : '',
      SCRIPTORIUM_TEST_LARGER: isLarger ? '1' : '',
    },
    leftOut: isLarger
      ? ['stores on which `npm test` runs the same', ...same.map((file) => `${file}: the same in \`npm test\``)]
      : [],
  }
}

/** Seconds and tests of each folder below test/. */
const suitesOf = (report) => {
  const suites = new Map()
  for (const { name, startTime, endTime, assertionResults } of report.testResults) {
    const folder = relative(join(root, 'test'), name).split(/[\\/]/)[0]
    const suite = suites.get(folder) ?? { ms: 0, tests: 0 }
    suites.set(folder, { ms: suite.ms + endTime - startTime, tests: suite.tests + assertionResults.length })
  }
  return [...suites].sort(([one], [other]) => (one < other ? -1 : 1))
}

const skippedOf = (report) =>
  report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed').map(({ fullName }) => fullName),
  )

const summary = (report, leftOut) => {
  const lines = ['', 'Seconds of each suite']
  for (const [name, { ms, tests }] of suitesOf(report)) {
    lines.push(`  ${name.padEnd(12)}${(ms / 1000).toFixed(1).padStart(7)} s   ${tests} tests`)
  }
  const skipped = skippedOf(report)
  const missing = [...new Set([...leftOut, ...skipped.map((name) => `skipped: ${name}`)])]
  const more = missing.some((line) => line.includes('npm run test:full'))
    ? ' (what npm run test:full has more, `npm test -- --larger` runs alone)'
    : ''
  lines.push(
    '',
    missing.length === 0 ? 'Nothing was left out.' : `Left out${more}:`,
    ...missing.map((line) => `  ${line}`),
    '',
  )
  lines.push(`${report.numPassedTests} passed, ${report.numFailedTests} failed, ${skipped.length} skipped`)
  return `${lines.join('\n')}\n`
}

const linesOf = (path) => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [])

const main = async (args) => {
  if (args.includes('--help')) return void process.stdout.write(USAGE)
  buildIfStale()
  const notes = mkdtempSync(join(tmpdir(), 'scriptorium-test-'))
  const leftOut = join(notes, 'left-out')
  const reportFile = join(notes, 'report.json')
  const size = sizeOf(args)
  try {
    const code = await runVitest(
      [...size.args, '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`],
      {
        SCRIPTORIUM_BUILT: '1',
        SCRIPTORIUM_LEFT_OUT: leftOut,
        ...size.env,
      },
    )
    if (existsSync(reportFile)) {
      process.stdout.write(
        summary(JSON.parse(readFileSync(reportFile, 'utf8')), [...linesOf(leftOut), ...size.leftOut]),
      )
    } else process.stdout.write('The tests did not come to an end.\n')
    process.exitCode = code
  } finally {
    rmSync(notes, { recursive: true, force: true })
  }
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.stack}\n`)
  process.exitCode = 1
})
