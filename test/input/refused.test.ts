/** What is refused by its size, by its form, or because PostgreSQL cannot hold it. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { Sync, syncMessage } from '../../shared/protocol.ts'
import { call } from '../support/api.ts'
import { Client, connectClient } from '../support/client.ts'
import { metric } from '../support/metrics.ts'
import { startService } from '../support/service.ts'
import { readAfresh, stockClient } from '../support/stock.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'
import { closingOf, expectLoadsAfterRestart, expectUndisturbed, ROOM } from './witness.ts'

describe('what is refused whole', () => {
  it('a stock client that sends an invalid update is closed with 4400, and what was written before stays', async () => {
    const service = await startService((await anyPostgres().open()).env)
    const stock = stockClient(service.collab, ROOM)
    await stock.synced()
    stock.doc.getText('text').insert(0, 'kept')
    await stock.committed()
    const { socket } = stock
    let code = 0
    socket?.addEventListener('close', (event) => {
      code = event.code
    })
    socket?.send(syncMessage(Sync.update, new Uint8Array([9, 9, 9])))
    await until('the close', () => code > 0)
    expect(code).toBe(4400)
    expect((await readAfresh(service.collab, ROOM)).getText('text').toString()).toBe('kept')
  })

  it('a frame of 40 MB is refused with 1009, time after time, and none is kept in memory', async () => {
    const service = await startService((await anyPostgres().open()).env)
    const witness = await connectClient(service.collab, ROOM)
    await expectUndisturbed(service, witness)
    const before = service.memory()
    for (let n = 0; n < 5; n++) {
      const client = await connectClient(service.collab, ROOM)
      client.sendRaw(new Uint8Array(40_000_000))
      expect(await closingOf(client)).toBe(1009)
    }
    expect(await metric(service.address, 'limit_frame_bytes')).toBe(5)
    expect(service.memory() - before).toBeLessThan(100_000_000)
    await expectUndisturbed(service, witness)
  })

  it('an update larger than allowed is refused as too large, and the socket lives', async () => {
    const service = await startService({ ...(await anyPostgres().open()).env, MAX_UPDATE_BYTES: '10000' })
    const client = await connectClient(service.collab, ROOM)
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'x'.repeat(20_000))
    const n = client.sendUpdate(Y.encodeStateAsUpdate(doc))
    await client.settled()
    expect(client.refusals).toMatchObject([{ n, code: 'too-large' }])
    await expectUndisturbed(service, client)
  })
})

describe('what PostgreSQL cannot hold', () => {
  it('is refused where it names somebody or says why, and closes nobody else’s page', async () => {
    const service = await startService((await anyPostgres().open()).env)
    const witness = await connectClient(service.collab, ROOM)
    await expectUndisturbed(service, witness)
    for (const user of ['a\0b', 'a\nb', '\u0085', ' ']) {
      const client = new Client(service.collab, ROOM, { user })
      client.connect()
      expect([user, await closingOf(client)]).toEqual([user, 4401])
      const path = `/stories/story/pages/page/versions?user=${encodeURIComponent(user)}`
      expect((await call(service.address, 'POST', path, { body: {} })).status).toBe(401)
    }
    const page = '/stories/story/pages/page'
    for (const text of ['a\0b', '\ud800']) {
      const given: readonly (readonly [method: string, path: string, body: unknown])[] = [
        ['PUT', `${page}/freeze`, { reason: text }],
        ['PUT', '/stories/story/freeze', { reason: text }],
        ['POST', `${page}/versions`, { label: text }],
        ['POST', '/stories/story/versions', { label: text }],
        ['POST', '/admin/forget', { user: text }],
        ['POST', '/admin/revoke', { user: text }],
      ]
      for (const [method, path, body] of given) {
        const headers = { 'idempotency-key': 'once' }
        const { status } = await call(service.address, method, path, { body, headers })
        expect([path, text, status]).toEqual([path, text, 400])
      }
    }
    await expectUndisturbed(service, witness)
  })

  it('may name a root all the same: the page is stored, read in every form, copied, and loads', async () => {
    const store = await anyPostgres().open()
    const service = await startService(store.env)
    const witness = await connectClient(service.collab, ROOM)
    witness.edit('odd', (doc) => {
      doc.getText('a\0b').insert(0, 'x\0y')
      doc.getMap('text\0').set('k\0', '\0')
    })
    await expectUndisturbed(service, witness)
    const page = '/stories/story/pages'
    for (const path of [`${page}/page`, `${page}/copy`]) {
      for (const accept of ['application/json', 'text/plain', 'application/octet-stream']) {
        const answer = await call(service.address, 'GET', path, { headers: { accept } })
        expect([path, accept, answer.status]).toEqual([path, accept, 200])
        if (accept === 'application/json') expect(answer.body['a\0b']).toBe('x\0y')
      }
      if (path.endsWith('page')) {
        const copied = await call(service.address, 'POST', `${path}/copy`, { body: { page: 'copy' } })
        expect(copied.status).toBe(201)
      }
    }
    const compaction = await fetch(`${service.address}/api/v1/admin/compact`, { method: 'POST', body: '{}' })
    expect([compaction.status, await compaction.text()]).toEqual([200, expect.stringContaining('"failed":[]')])
    await expectLoadsAfterRestart(service, store, witness)
  })
})
