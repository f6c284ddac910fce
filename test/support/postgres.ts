/** A real PostgreSQL of one's own: embedded binaries on a free port, in a folder that goes with it. */
import { randomInt } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { chmod, chown, cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { importPostgres } from '../../scripts/bench/postgres-package.ts'
import { until } from './until.ts'

const ENDS = ['beforeExit', 'exit']

/** The package hooks on to the end of the process when it is imported, and makes up an exit code of its own. */
const importUnhooked = async (folder: string) => {
  const hooksBefore = ENDS.map((end) => process.listeners(end as 'exit'))
  const { default: EmbeddedPostgres } = await importPostgres(folder)
  ENDS.forEach((end, index) => {
    for (const hook of process.listeners(end as 'exit')) if (!hooksBefore[index]?.includes(hook)) process.off(end, hook)
  })
  return EmbeddedPostgres
}

const PASSWORD = 'scriptorium'

export interface Postgres {
  readonly port: number
  readonly url: string
  start(): Promise<void>
  stop(): Promise<void>
  /** kill -9 of the server; what it had open is gone when this resolves. */
  kill(): Promise<void>
  /** Copies its data, and is down meanwhile. @returns a name for `goBack` */
  keepCopy(): Promise<string>
  /** Puts a copy in place of its data. @param whileDown is called before it starts again */
  goBack(copy: string, whileDown?: () => void): Promise<void>
  /** Stops it and removes all its files. */
  remove(): Promise<void>
}

/** Below those that systems hand out by themselves, so that nobody else gets one before it is used. */
const PORTS = { from: 12_000, to: 32_000 }

/** A port of 127.0.0.1 on which nobody listens. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}

/** Creates and starts an instance. */
export const createPostgres = async (): Promise<Postgres> => {
  const folder = await mkdtemp(join(tmpdir(), 'scriptorium-postgres-'))
  // The server runs as a user of its own when the tests run as root.
  await chmod(folder, 0o755)
  const removeAtExit = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', removeAtExit)
  const port = await freePort()
  const data = join(folder, 'data')
  const isRoot = process.getuid?.() === 0
  const said: string[] = []
  const EmbeddedPostgres = await importUnhooked(folder)
  const server = new EmbeddedPostgres({
    databaseDir: data,
    port,
    user: 'postgres',
    password: PASSWORD,
    authMethod: 'scram-sha-256',
    persistent: true,
    createPostgresUser: isRoot,
    initdbFlags: ['--encoding=UTF8'],
    postgresFlags: ['-c', 'max_connections=200', '-c', `unix_socket_directories=`],
    onLog: (line) => said.push(String(line)),
    onError: (error) => said.push(String(error)),
  })
  let copies = 0
  let isUp = false
  const start = async () => {
    await until(
      'PostgreSQL to start',
      async () => {
        try {
          await server.start()
          return true
        } catch {
          // After kill -9 the server refuses to start while one of its old processes lives.
          if (said.length > 0 && !said.slice(-6).join('').includes('pre-existing shared memory')) {
            throw new Error(`PostgreSQL does not start:\n${said.slice(-10).join('')}`)
          }
          return false
        }
      },
      { withinMs: 30_000 },
    )
    isUp = true
  }
  const stop = async () => {
    if (!isUp) return
    isUp = false
    await server.stop()
  }
  try {
    await server.initialise()
    await start()
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  return {
    port,
    url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
    start,
    stop,
    kill: async () => {
      const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0])
      isUp = false
      process.kill(pid, 'SIGKILL')
      await until('PostgreSQL to be gone', () => !isAlive(pid))
    },
    keepCopy: async () => {
      await stop()
      const copy = join(folder, `copy-${++copies}`)
      await cp(data, copy, { recursive: true, preserveTimestamps: true })
      await start()
      return copy
    },
    goBack: async (copy, whileDown) => {
      await stop()
      if (existsSync(join(data, 'postmaster.pid'))) throw new Error('PostgreSQL still runs')
      const { uid, gid } = await stat(data)
      await rm(data, { recursive: true })
      await cp(copy, data, { recursive: true, preserveTimestamps: true })
      await chmod(data, 0o700)
      await giveTo(data, uid, gid)
      whileDown?.()
      await start()
    },
    remove: async () => {
      await stop()
      await rm(folder, { recursive: true, force: true })
      process.off('exit', removeAtExit)
    },
  }
}

/** A copy made by root belongs to root, and PostgreSQL refuses data of others. */
const giveTo = async (path: string, uid: number, gid: number): Promise<void> => {
  for (const name of await readdir(path, { recursive: true })) await chown(join(path, name), uid, gid)
  await chown(path, uid, gid)
}

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/**
 * Creates a database beside the one that `url` names.
 * @param template the name of a database that it is a copy of; none: empty
 * @returns its URL, its name and how to drop it
 */
export const createDatabase = async (
  url: string,
  template?: string,
): Promise<{ readonly url: string; readonly name: string; readonly drop: () => Promise<void> }> => {
  const name = `scriptorium_test_${process.pid}_${Math.random().toString(36).slice(2, 10)}`
  await runOnce(url, `CREATE DATABASE ${name}${template === undefined ? '' : ` TEMPLATE ${template}`}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  return { url: own.href, name, drop: () => runOnce(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) }
}

const runOnce = async (url: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
