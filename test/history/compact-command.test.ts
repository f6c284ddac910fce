/** `scriptorium compact`: beside itself, ended half-way, asked of a service, and what it refuses. */
import { describe, expect, it } from 'vitest'
import { call } from '../support/api.ts'
import { connectClient } from '../support/client.ts'
import { runCommand, startCommand } from '../support/command.ts'
import { type Service, startService } from '../support/service.ts'
import { readAfresh } from '../support/stock.ts'
import { pgliteStore } from '../support/stores.ts'
import { until } from '../support/until.ts'
import { contentHash } from './pages.ts'
import { planted, report } from './planted.ts'

const TEST_MS = 300_000

describe('scriptorium compact', () => {
  it('works beside a second one of itself, and goes on after a kill', { timeout: TEST_MS }, async () => {
    const { store, rooms } = await planted(24)
    const hashes = await Promise.all(rooms.map((room) => contentHash(store, room)))
    const choice = ['compact', '--json', '--concurrency', '2']
    const killed = startCommand(choice, store.env)
    await until('some pages to be done', async () => {
      const [found] = await store.query<{ done: number }>(
        'SELECT count(*)::int AS done FROM scriptorium.room WHERE snapshot_seq > 0',
      )
      return (found?.done ?? 0) > 4
    })
    killed.kill('SIGKILL')
    await killed.ended
    const both = await Promise.all([runCommand(choice, store.env), runCommand(choice, store.env)])
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    expect(report((await runCommand(choice, store.env)).out).compacted).toBe(0)
    expect(await Promise.all(rooms.map((room) => contentHash(store, room)))).toEqual(hashes)
    const examined = await runCommand(['doctor', '--json'], store.env)
    expect(JSON.parse(examined.out)).toMatchObject({ pages: 25, faults: 0, found: [] })
  })

  it('has the service do it that holds an embedded database, and says so', { timeout: TEST_MS }, async () => {
    const store = await pgliteStore.open()
    const service = await startService(store.env)
    const client = await connectClient(service.collab, 'story/page')
    for (let n = 0; n < 30; n++) {
      client.edit(`${n}`, (doc) => doc.getText('text').insert(0, `word ${n} `))
      await until('it to be saved', () => client.acknowledged.has(`${n}`))
    }
    const said = await runCommand(['compact', '--keep-originals', '0'], store.env)
    expect(said.err).toContain(`process ${service.pid}`)
    expect(said.out).toMatch(/1 of 1 page compacted/)
    expect(said.code).toBe(0)
    const examined = await runCommand(['doctor', '--json'], store.env)
    expect(JSON.parse(examined.out)).toMatchObject({ pages: 1, faults: 0 })
    const audit = await call(service.address, 'GET', '/admin/audit')
    expect(audit.body.acts).toMatchObject([
      {
        act: 'POST /api/v1/admin/doctor',
        author: null,
        detail: { by: 'a command on this machine', repair: false, ended: true },
      },
      { act: 'POST /api/v1/admin/compact', author: null, detail: { by: 'a command on this machine' } },
    ])
    expect((await readAfresh(service.collab, 'story/page')).getText('text').toString()).toContain('word 29 word 28')
    await service.stop()
    expect(await store.query('SELECT seq::int AS seq FROM scriptorium.update')).toHaveLength(1)
  })

  it('is in the audit as not ended when its service is killed meanwhile', { timeout: TEST_MS }, async () => {
    const { store } = await planted(24)
    const compact = (service: Service, detached: boolean) =>
      fetch(`${service.address}/api/v1/admin/compact`, { method: 'POST', body: JSON.stringify({ detached }) })
    const killed = await startService(store.env)
    expect((await compact(killed, true)).status).toBe(202)
    await killed.kill('SIGKILL')
    const service = await startService(store.env)
    const lines = (await (await compact(service, false)).text()).trim().split('\n')
    expect(JSON.parse(lines.at(-1) ?? '').report.compacted).toBeGreaterThan(0)
    const act = 'POST /api/v1/admin/compact'
    expect((await call(service.address, 'GET', '/admin/audit')).body.acts).toMatchObject([
      { act, detail: { ended: true } },
      { act, detail: { ended: false } },
    ])
    await service.stop()
  })

  it('refuses who has neither the key nor the right', async () => {
    const store = await pgliteStore.open()
    const service = await startService(store.env)
    const answer = await fetch(`${service.address}/api/v1/admin/compact`, {
      method: 'POST',
      headers: { origin: 'https://elsewhere.example', authorization: 'Bearer wrong' },
      body: '{}',
    })
    expect(answer.status).toBe(403)
  })

  it('names what is wrong with a command line', async () => {
    const store = await pgliteStore.open()
    for (const args of [['--page', 'x'], ['--min-rows', 'many'], ['--what'], ['--concurrency', '0']]) {
      const said = await runCommand(['compact', ...args], store.env)
      expect([said.code, said.out]).toEqual([2, ''])
      expect(said.err).toContain(args[0])
    }
    expect((await runCommand(['compact', '--help'], store.env)).code).toBe(0)
  })

  it('ends with 1 when rows had to be set aside, and says which', async () => {
    const { store, rooms } = await planted(2)
    await store.query(
      `UPDATE scriptorium.update SET data = '\\x090909' WHERE room_id = $1 AND seq = (SELECT max(seq) FROM scriptorium.update WHERE room_id = $1)`,
      [rooms[0]],
    )
    const said = await runCommand(['compact', '--json'], store.env)
    expect(said.code).toBe(1)
    expect(report(said.out)).toMatchObject({ compacted: 3, quarantined: [{ page: rooms[0], rows: 1 }] })
    expect((await runCommand(['compact', '--json'], store.env)).code).toBe(0)
  })
})
