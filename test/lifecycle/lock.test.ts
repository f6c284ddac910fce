import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { acquireLock, LockedError } from '../../server/lock.ts'
import { startOf } from '../../server/process-start.ts'

const HOLDER = fileURLToPath(new URL('./lock-holder.js', import.meta.url))

interface Starter {
  readonly child: ChildProcessByStdio<Writable, Readable, null>
  /** Tells it to take the lock; how that went. */
  take(): Promise<{ readonly taken: boolean; readonly why?: string }>
  end(how: 'release' | 'kill -9'): Promise<void>
}

let dir: string
let starters: Starter[]

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'scriptorium-lock-'))
  starters = []
})

afterEach(async () => {
  await Promise.all(starters.map((starter) => starter.end('kill -9')))
  rmSync(dir, { recursive: true, force: true })
})

const start = async (): Promise<Starter> => {
  const child = spawn(process.execPath, [HOLDER, dir], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const said = async () => JSON.parse((await lines.next()).value ?? '{}')
  const exited = once(child, 'exit')
  const starter: Starter = {
    child,
    take: () => {
      child.stdin.write('\n')
      return said()
    },
    end: async (how) => {
      if (child.exitCode !== null || child.signalCode !== null) return
      if (how === 'release') child.stdin.write('\n')
      else child.kill('SIGKILL')
      await exited
    },
  }
  starters.push(starter)
  await said()
  return starter
}

const onDisk = () => JSON.parse(readFileSync(join(dir, 'lock'), 'utf8'))

describe('the lock of a data folder', () => {
  it('refuses a second process, naming the first, its address and what to do', async () => {
    const first = await start()
    expect(await first.take()).toEqual({ taken: true })
    const { taken, why } = await (await start()).take()
    expect(taken).toBe(false)
    for (const word of [String(first.child.pid), 'http://127.0.0.1:4321', 'DATA_DIR', 'DATABASE_URL']) {
      expect(why).toContain(word)
    }
  })

  it('is free again after a release, and after kill -9', async () => {
    for (const how of ['release', 'kill -9', 'kill -9'] as const) {
      const holder = await start()
      expect(await holder.take()).toEqual({ taken: true })
      await holder.end(how)
      expect(existsSync(join(dir, 'lock'))).toBe(how === 'kill -9')
    }
  })

  it('goes to exactly one of many that start at once, on an empty folder and on a stale lock', async () => {
    for (let round = 0; round < 6; round++) {
      const rivals = await Promise.all(Array.from({ length: 5 }, start))
      const said = await Promise.all(rivals.map((rival) => rival.take()))
      expect(said.filter(({ taken }) => taken)).toHaveLength(1)
      const winner = rivals[said.findIndex(({ taken }) => taken)]
      expect(onDisk().pid).toBe(winner?.child.pid)
      await Promise.all(rivals.map((rival) => rival.end('kill -9')))
    }
  })

  it('is taken over where its number now belongs to another process', () => {
    const own = startOf(process.pid)
    if (own === null) {
      // Without a start time a number that is in use has to be believed.
      writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: process.pid, started: null, address: null, key: 'old' }))
      expect(() => acquireLock(dir, { address: null })).toThrow(LockedError)
      return
    }
    writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: process.pid, started: 'before', address: null, key: 'old' }))
    const lock = acquireLock(dir, { address: null })
    expect(onDisk().started).toBe(own)
    lock.release()
  })

  it('is taken over where a loss of power cut the file short', () => {
    writeFileSync(join(dir, 'lock'), '{"pid":')
    acquireLock(dir, { address: null }).release()
    expect(readdirSync(dir)).toEqual([])
  })

  it('can be read by its owner only, and tells the address once it is known', () => {
    const lock = acquireLock(dir, { address: null })
    lock.setAddress('http://127.0.0.1:1234')
    expect(statSync(join(dir, 'lock')).mode & 0o777).toBe(0o600)
    expect(onDisk()).toMatchObject({ pid: process.pid, address: 'http://127.0.0.1:1234' })
    expect(onDisk().key.length).toBeGreaterThanOrEqual(32)
    lock.release()
    expect(readdirSync(dir)).toEqual([])
  })

  it('is left alone by a release when it is no longer ours', () => {
    const lock = acquireLock(dir, { address: null })
    const theirs = JSON.stringify({ ...onDisk(), key: 'theirs' })
    writeFileSync(join(dir, 'lock'), theirs)
    lock.setAddress('http://127.0.0.1:1')
    lock.release()
    expect(readFileSync(join(dir, 'lock'), 'utf8')).toBe(theirs)
  })
})
