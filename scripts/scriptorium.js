#!/usr/bin/env node
/** The command line: builds what is stale, then hands over to the command. */
import { buildIfStale } from './build.js'

const COMMANDS = {
  serve: { about: 'run the service', load: () => import('../dist/server/main.js'), entry: 'main' },
  migrate: {
    about: 'create or update the tables, then end',
    load: () => import('../dist/scripts/migrate.js'),
    entry: 'run',
  },
  token: {
    about: 'mint a token with AUTH_JWT_SECRET',
    load: () => import('../dist/scripts/token.js'),
    entry: 'run',
  },
  restore: {
    about: 'put a page or a story back to a version or a moment',
    load: () => import('../dist/scripts/restore.js'),
    entry: 'run',
  },
  export: {
    about: 'write a story to a folder or a zip',
    load: () => import('../dist/scripts/export.js'),
    entry: 'run',
  },
  import: {
    about: 'bring in what export wrote',
    load: () => import('../dist/scripts/import.js'),
    entry: 'run',
  },
  compact: {
    about: 'fold pages and make their history coarser, beside a live service',
    load: () => import('../dist/scripts/compact.js'),
    entry: 'run',
  },
  doctor: {
    about: 'prove that pages load and agree with their history; mend what is sure',
    load: () => import('../dist/scripts/doctor.js'),
    entry: 'run',
  },
  bench: {
    about: 'measure the service and its peers',
    load: () => import('../dist/scripts/bench/main.js'),
    entry: 'run',
  },
}

const usage = () => {
  const lines = Object.entries(COMMANDS).map(([name, { about }]) => `  ${name.padEnd(10)}${about}`)
  return `Usage: scriptorium <command> [--help]\n\nCommands:\n${lines.join('\n')}\n`
}

const [name, ...args] = process.argv.slice(2)
if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
  process.stdout.write(usage())
  process.exitCode = name === undefined ? 2 : 0
} else if (!Object.hasOwn(COMMANDS, name)) {
  process.stderr.write(`There is no command '${name}'.\n\n${usage()}`)
  process.exitCode = 2
} else {
  try {
    buildIfStale()
    const command = COMMANDS[name]
    await (await command.load())[command.entry](args)
  } catch (error) {
    process.stderr.write(`${name}: ${error.stack ?? error}\n`)
    process.exitCode = 1
  }
}
