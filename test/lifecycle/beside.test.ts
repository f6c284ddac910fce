/** Commands beside a service that has the embedded database: each says who has it, and ends as one would expect. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { runCommand } from '../support/command.ts'
import { startService } from '../support/service.ts'
import { pgliteStore } from '../support/stores.ts'

it('migrate finds it done by the service, refuses where that is another version, and names who has the folder', async () => {
  const { env } = await pgliteStore.open()
  const service = await startService(env)
  onTestFinished(() => service.stop())
  const path = join(env.DATA_DIR ?? '', 'lock')
  const lock = JSON.parse(readFileSync(path, 'utf8'))
  const migrate = (...args: string[]) => runCommand(['migrate', ...args], env)

  const done = await migrate()
  expect([done.code, done.err]).toEqual([0, ''])
  expect(done.out).toContain('The tables are up to date')
  expect(done.out).toContain(`process ${service.pid} at ${service.address}`)
  expect(JSON.parse((await migrate('--json')).out)).toMatchObject({ ok: true, applied: [] })

  for (const tables of [{ tables: '0001_initial.sql' }, {}]) {
    const { tables: _, ...rest } = lock
    writeFileSync(path, JSON.stringify({ ...rest, ...tables }))
    const older = await migrate()
    expect([older.code, older.out]).toEqual([1, ''])
    expect(older.err).toContain(`process ${service.pid}`)
    expect(older.err).toContain('Stop that process and start this version')
  }

  writeFileSync(path, JSON.stringify({ ...lock, address: null, tables: null }))
  for (const command of ['migrate', 'doctor']) {
    const starting = await runCommand([command], env)
    expect([starting.code, starting.err]).toEqual([
      1,
      expect.stringContaining(`process ${service.pid}, a service that is`),
    ])
    expect(starting.err).toContain('Wait until it has ended or serves')
  }
  writeFileSync(path, JSON.stringify({ ...lock, address: 'http://127.0.0.1:9' }))
  const deaf = await runCommand(['doctor'], env)
  expect([deaf.code, deaf.err]).toEqual([
    1,
    expect.stringMatching(new RegExp(`process ${service.pid} has the embedded database and does not answer at .*:9`)),
  ])
  writeFileSync(path, JSON.stringify(lock))
})
