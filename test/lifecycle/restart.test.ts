/** A drain that takes its time, and a restart. */
import { describe, expect, it } from 'vitest'
import type { Doc } from 'yjs'
import { connectClient } from '../support/client.ts'
import { holdCommits } from '../support/lock.ts'
import { freePort } from '../support/postgres.ts'
import { runServe, startService } from '../support/service.ts'
import { readAfresh, stockClient } from '../support/stock.ts'
import { anyPostgres, foldOf, pgliteStore } from '../support/stores.ts'
import { until } from '../support/until.ts'

const ROOM = 'story/draining'

const textOf = (doc: Doc): string => doc.getText('text').toString()

describe('while it drains', () => {
  it('waits for a commit that takes its time, and lets nobody in', async () => {
    const store = await anyPostgres().open()
    const service = await startService(store.env)
    const author = await connectClient(service.collab, ROOM)
    author.edit('first', (doc) => doc.getText('text').insert(0, 'once '))
    await author.settled()
    const row = await holdCommits(store, ROOM)
    author.edit('second', (doc) => doc.getText('text').insert(5, 'upon a time'))
    await row.isWaitedFor()
    service.signal('SIGTERM')
    await until('the author to be told', () => author.closings.length > 0)
    expect(author.closings[0]?.code).toBe(1012)
    author.connect()
    await until('the author to be refused', () => author.closings.length > 1)
    const ready = await fetch(`${service.address}/readyz`)
    expect(ready.status).toBe(503)
    expect((await fetch(`${service.address}/healthz`)).status).toBe(200)
    await row.release()
    expect(await service.ended).toEqual({ code: 0, signal: null })
    expect(textOf(await foldOf(store, ROOM))).toBe('once upon a time')
  })

  it('gives up after the grace period with 1, and the author still holds the words', async () => {
    const store = await anyPostgres().open()
    const service = await startService({ ...store.env, SHUTDOWN_GRACE_MS: '1000' })
    const author = await connectClient(service.collab, ROOM)
    author.edit('first', (doc) => doc.getText('text').insert(0, 'once '))
    await author.settled()
    const row = await holdCommits(store, ROOM)
    author.edit('second', (doc) => doc.getText('text').insert(5, 'upon a time'))
    await row.isWaitedFor()
    expect(await service.kill('SIGTERM')).toEqual({ code: 1, signal: null })
    expect(author.acknowledged).toEqual(new Set(['first']))
    await row.release()
    const restarted = await startService(store.env)
    author.connect(restarted.collab)
    await author.synced()
    await author.settled()
    author.disconnect()
    expect(textOf(await readAfresh(restarted.collab, ROOM))).toBe('once upon a time')
  })
})

describe('a restart', () => {
  it('is bridged by stock clients of every version, which go on by themselves', async () => {
    const store = await pgliteStore.open()
    const port = String(await freePort())
    const service = await startService({ ...store.env, PORT: port })
    const clients = (['1.x', '2.x', '3.x'] as const).map((version) => stockClient(service.collab, ROOM, { version }))
    await Promise.all(clients.map((client) => client.synced()))
    await service.stop()
    for (const { doc, version } of clients) doc.getText('text').insert(0, version)
    await startService({ ...store.env, PORT: port })
    await until('all to have the words of all', () =>
      clients.every(({ doc }) => ['1.x', '2.x', '3.x'].every((words) => textOf(doc).includes(words))),
    )
  })

  it('of a second process on the same folder is refused, and the first goes on', async () => {
    const store = await pgliteStore.open()
    const service = await startService(store.env)
    const second = runServe(store.env)
    expect(await second.ended).toEqual({ code: 1, signal: null })
    expect(second.log()).toContain(String(service.pid))
    const author = await connectClient(service.collab, ROOM)
    author.edit('first', (doc) => doc.getText('text').insert(0, 'still here'))
    await author.settled()
    await service.stop()
    expect(textOf(await foldOf(store, ROOM))).toBe('still here')
  })
})
