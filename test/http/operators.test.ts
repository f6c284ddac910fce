/** What operators see and do: rooms, processes, the stream of events, work that goes on by itself, the end of a process. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { askAt, updateOf } from '../support/archive-api.ts'
import { connectClient } from '../support/client.ts'
import { listenTo } from '../support/events.ts'
import { rawSocket } from '../support/raw-socket.ts'
import { AT_FULL_SPEED, startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const words = (text: string) => updateOf((doc) => doc.getText('t').insert(0, text))

describe('operators', { timeout: 120_000 }, () => {
  it('see rooms, people and slow readers, watch figures and a compaction to its report, fold, close and drain', async () => {
    const { env } = await anyPostgres().open()
    const service = await startService({ ...env, ...AT_FULL_SPEED, ...TOKEN_ENV })
    const other = await startService({ ...env, ...TOKEN_ENV })
    onTestFinished(() => other.stop())
    const ask = askAt(service.address)
    const admin = { authorization: `Bearer ${await tokenOf('op', { isAdmin: true })}` }
    const writer = { authorization: `Bearer ${await tokenOf('ana', { stories: { '*': 'manage' } })}` }
    for (const path of ['rooms', 'rooms/s1/p1', 'nodes', 'events', 'audit']) {
      expect((await ask(`GET /admin/${path}`)).status, path).toBe(401)
      expect((await ask(`GET /admin/${path}`, { headers: writer })).status, path).toBe(403)
    }
    expect((await ask('POST /admin/rooms/s1/p1/close', { headers: writer })).status).toBe(403)
    expect((await ask('POST /admin/drain', { headers: writer })).status).toBe(403)

    const events = await listenTo(`${service.address}/api/v1/admin/events`, admin)
    const token = await tokenOf('ana', { stories: { '*': 'write' }, name: 'Ana' })
    const client = await connectClient(service.collab, 's1/p1', { token })
    await connectClient(service.collab, 's1/_story', { token })
    const slow = await rawSocket(service.address, `/collab/s1/p1?token=${token}`)
    slow.net.pause()
    for (let i = 0; i < 20; i++) client.edit('much', (d) => d.getText('t').insert(0, `${i}`.repeat(450_000)))
    await client.settled()
    const figures = () => events.all.filter(({ event }) => event === 'figures').map(({ data }) => data)
    await until('the slow reader to be seen', () => figures().at(-1)?.slow === 1)
    expect(figures().at(-1)).toMatchObject({ rooms: 2, open: 2, people: 2, slowRooms: ['s1/p1'], database: true })
    expect(figures().some(({ updatesPerSecond }) => updatesPerSecond > 0)).toBe(true)
    expect(figures().some(({ relay }) => relay.p99 >= relay.p50 && relay.p50 > 0)).toBe(true)
    expect(figures().some(({ commit }) => commit.p99 >= commit.p50 && commit.p50 > 0)).toBe(true)
    expect(figures().at(-1).tailBytes + figures().at(-1).snapshotBytes).toBeGreaterThan(9_000_000)

    const { rooms } = (await ask('GET /admin/rooms?order=slow', { headers: admin })).body
    expect(rooms[0]).toMatchObject({ story: 's1', page: 'p1', members: 2, slow: 1 })
    await ask('POST /stories/s2/pages/Quiet/updates', { body: words('shh'), headers: writer })
    const found = (await ask('GET /admin/rooms?search=QUI', { headers: admin })).body
    expect([found.open, found.held]).toEqual([0, 1])
    const all = (await ask('GET /admin/rooms', { headers: admin })).body
    expect([all.open, all.held]).toEqual([2, 3])
    await until('a page that nobody has open to be counted as held', () => figures().at(-1)?.rooms === 3)
    expect(figures().at(-1)).toMatchObject({ rooms: 3, open: 2 })
    expect(found.stored).toMatchObject([{ story: 's2', page: 'Quiet', updates: 1, tailRows: 1, deletedAt: null }])
    const room = (await ask('GET /admin/rooms/s1/p1', { headers: admin })).body
    expect(room.people.map(({ name, isSlow }: { name: string; isSlow: boolean }) => [name, isSlow]).sort()).toEqual([
      ['Ana', false],
      ['Ana', true],
    ])
    expect((await ask('GET /admin/rooms/s9/p9', { headers: admin })).status).toBe(404)

    const fold = await ask('POST /admin/rooms/s2/Quiet/fold', { headers: admin })
    expect(fold).toMatchObject({ status: 200, body: { tailRows: 0 } })
    const closed = await ask('POST /admin/rooms/s1/p1/close', { headers: admin })
    expect(closed.body).toEqual({ story: 's1', page: 'p1', closed: 2, silent: 0 })
    slow.net.destroy()
    await until('the socket to be closed', () => client.closings.at(-1)?.code === 1012)
    client.connect()
    await client.synced()

    const started = await ask('POST /admin/compact', { body: { detached: true }, headers: admin })
    expect([started.status, started.body]).toEqual([202, { started: 'compact' }])
    const jobs = () => events.all.filter(({ event }) => event === 'job').map(({ data }) => data)
    await until('the compaction to end', () => typeof jobs().at(-1)?.endedAt === 'number')
    expect(jobs().at(-1)).toMatchObject({ name: 'compact', fault: null, report: { dryRun: false, pages: 2 } })
    const late = await listenTo(`${service.address}/api/v1/admin/events`, admin)
    await until('a later watcher to hear of it', () => late.all[0]?.data.report?.pages === 2)
    late.close()

    await until('both processes to be told of', async () => {
      const { nodes } = (await askAt(other.address)('GET /admin/nodes', { headers: admin })).body
      return nodes.some((node: { isHere: boolean; busiest: string[] }) => !node.isHere && node.busiest[0] === 's1/p1')
    })

    const away = await connectClient(other.collab, 's1/p1', { token })
    const there = await connectClient(other.collab, 's3/p3', { token })
    await until('a page that is open elsewhere to be counted once', () => figures().at(-1)?.open === 3)
    away.disconnect()
    there.disconnect()

    const { acts } = (await ask('GET /admin/audit', { headers: admin })).body
    expect(acts.map(({ act, story, detail }: Record<string, unknown>) => [act, story, detail])).toEqual([
      ['POST /api/v1/admin/compact', null, { ended: true }],
      ['POST /api/v1/admin/rooms/:story/:page/close', 's1', { closed: 2 }],
      ['POST /api/v1/admin/rooms/:story/:page/fold', 's2', null],
    ])

    await ask('POST /admin/revoke', { body: { user: 'op' }, headers: admin })
    await until('who may watch no longer to be cut', events.isEnded)
    const again = { authorization: `Bearer ${await tokenOf('boss', { isAdmin: true })}` }
    expect((await ask('POST /admin/drain', { headers: again })).status).toBe(202)
    expect(await service.ended).toEqual({ code: 0, signal: null })
  })

  it('of an open service call from its own machine, and not through a proxy that nobody trusts', async () => {
    const service = await startService((await anyPostgres().open()).env)
    onTestFinished(() => service.stop())
    const ask = askAt(service.address)
    expect((await ask('GET /admin/nodes')).body.nodes).toMatchObject([{ isHere: true, rooms: 0 }])
    const forwarded = { 'x-forwarded-for': '203.0.113.7' }
    expect((await ask('GET /admin/nodes', { headers: forwarded })).status).toBe(403)
    expect((await ask('POST /admin/drain', { headers: { 'x-forwarded-for': '127.0.0.1' } })).status).toBe(403)
    const listeners = await Promise.all(
      Array.from({ length: 51 }, () => listenTo(`${service.address}/api/v1/admin/events`)),
    )
    expect(
      listeners
        .map(({ status }) => status)
        .sort()
        .slice(-2),
    ).toEqual([200, 503])
    for (const { close } of listeners) close()
    await until('their places to be free', async () => {
      const next = await listenTo(`${service.address}/api/v1/admin/events`)
      next.close()
      return next.status === 200
    })
  })
})
