import { randomUUID } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { tunedHolders } from '../../server/channel/holders.ts'
import { Holding } from '../../server/channel/holding.ts'
import { MESSAGE_VERSION } from '../../server/channel/message.ts'
import { portableHolders } from '../../server/channel/portable-holders.ts'
import type { Database } from '../../server/database/port.ts'
import { type Asked, distribute, partsOf, watched } from '../storage/distribute.ts'
import { clock, openDatabase, quiet } from '../support/open-database.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

const PAGES = Array.from({ length: 12 }, (_, n) => `story/page-${n}`)
const AGO = { now: '0 s', silent: '20 s', gone: '2 minutes' }

/** A database on which processes were heard of at some time. */
const opened = async (): Promise<{ database: Database; processes: Record<'ana' | keyof typeof AGO, string> }> => {
  const database = await openDatabase((await anyPostgres().open()).env)
  const processes = { ana: randomUUID(), now: randomUUID(), silent: randomUUID(), gone: randomUUID() }
  for (const [name, id] of Object.entries(processes)) {
    await database.query(
      `INSERT INTO scriptorium.node (node_id, heartbeat_at) VALUES ($1, clock_timestamp() - $2::interval)`,
      [id, AGO[name as keyof typeof AGO] ?? '0 s'],
    )
  }
  return { database, processes }
}

const sorted = <T>(all: Iterable<T>): T[] => [...all].sort()
const held = (pages: readonly string[], nodeId: string) => pages.map((roomId) => ({ roomId, nodeId }))

describe.each([
  ['as one server is asked', tunedHolders],
  ['as a distributed one is asked', portableHolders],
])('the table of who holds which page, %s,', (_how, holdersOf) => {
  it('tells who else holds a page, of those who live and can be spoken to, and forgets the dead', async () => {
    const { database, processes } = await opened()
    const ana = holdersOf(database, processes.ana)
    const other = holdersOf(database, processes.now)
    for (const id of [processes.silent, processes.gone]) await holdersOf(database, id).add(PAGES)
    await ana.add(PAGES.slice(0, 8))
    await ana.add(PAGES.slice(0, 8))
    expect(await ana.othersOf(PAGES)).toEqual([])
    expect(await ana.others()).toEqual([])
    await other.add(PAGES.slice(4))
    const shared = held(PAGES.slice(4, 8), processes.now)
    const byRoom = (all: readonly { roomId: string }[]) => [...all].sort((a, b) => (a.roomId < b.roomId ? -1 : 1))
    expect(byRoom(await ana.others())).toEqual(shared)
    expect(byRoom(await ana.othersOf(PAGES.slice(2, 6)))).toEqual(shared.slice(0, 2))
    expect(sorted(await ana.live())).toEqual(sorted([processes.ana, processes.now]))
    expect((await ana.own()).count).toBe(8)

    await database.query('UPDATE scriptorium.holder SET version = $1 WHERE node_id = $2', [
      MESSAGE_VERSION - 1,
      processes.now,
    ])
    expect(await ana.others()).toEqual([])
    expect(await ana.othersOf(PAGES)).toEqual([])

    await ana.dropDead()
    const left = await database.query<{ node_id: string }>('SELECT DISTINCT node_id FROM scriptorium.holder')
    expect(sorted(left.map(({ node_id }) => node_id))).toEqual(sorted([processes.ana, processes.now, processes.silent]))
    await ana.remove(PAGES.slice(0, 3))
    expect((await ana.own()).count).toBe(5)
    await ana.leave()
    expect([await ana.own(), (await other.own()).count]).toEqual([{ count: 0, newest: 0 }, 8])
  })
})

it.each([
  ['as one server is asked', tunedHolders],
  ['as a distributed one is asked', portableHolders],
])('rows that a database put back in time has lost, or has again, are mended, %s', async (_how, holdersOf) => {
  const { database, processes } = await opened()
  const holding = new Holding({
    holders: holdersOf(database, processes.ana),
    clock,
    logger: quiet,
    isAlone: () => false,
    met: () => undefined,
    lost: () => undefined,
  })
  onTestFinished(() => holding.close())
  const areHeld = (rooms: string) => async () => {
    const rows = await database.query<{ room_id: string }>('SELECT room_id FROM scriptorium.holder ORDER BY room_id')
    return String(rows.map(({ room_id }) => room_id)) === rooms
  }
  holding.begin()
  for (const room of ['s/a', 's/b']) holding.opened(room)
  await until('both to be noted', areHeld('s/a,s/b'))
  await database.query(
    `UPDATE scriptorium.holder SET room_id = 's/closed', since = since - interval '1 minute' WHERE room_id = 's/b'`,
  )
  holding.lookSoon()
  await until('the lost one to be noted, and the other not', areHeld('s/a,s/b'))
  await database.query(`INSERT INTO scriptorium.holder (room_id, node_id, version) VALUES ('s/closed', $1, 1)`, [
    processes.ana,
  ])
  holding.lookSoon()
  await until('the closed one to go', areHeld('s/a,s/b'))
})

it('on a distributed database every statement on holders that writes names one page, and none joins pages', async () => {
  const { database, processes } = await opened()
  await distribute(database, ['holder'])
  const asked: Asked[] = []
  const ana = portableHolders(watched(database, asked), processes.ana)
  for (const id of [processes.now, processes.gone]) await portableHolders(database, id).add(PAGES)
  await ana.add(PAGES)
  expect(await ana.othersOf(PAGES)).toHaveLength(PAGES.length)
  expect(await ana.others()).toHaveLength(PAGES.length)
  await ana.dropDead()
  await ana.remove(PAGES.slice(0, 3))
  await ana.leave()
  expect((await ana.own()).count).toBe(0)
  expect(asked.length).toBeGreaterThan(3 * PAGES.length)
  for (const one of asked) {
    const isOfMany = (await partsOf(database, one)).size > 1
    if (isOfMany) expect(one.text).toMatch(/^SELECT room_id, node_id\b.* FROM scriptorium\.holder WHERE node_id /)
  }
  const tuned = tunedHolders(watched(database, asked), processes.now)
  asked.length = 0
  await tuned.others()
  expect((await partsOf(database, asked[0] as Asked)).size).toBeGreaterThan(1)
})
