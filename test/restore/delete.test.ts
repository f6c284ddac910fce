/** Deleting pages: softly and back, and for good. */
import { describe, expect, it, onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { askAt, pageAt, updateOf } from '../support/archive-api.ts'
import { connectClient } from '../support/client.ts'
import { type Service, startService } from '../support/service.ts'
import { mainStores } from '../support/sized-stores.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

const PAGE = '/stories/s1/pages/p1'
const DELETED = 4404

const start = async (env: Readonly<Record<string, string>>): Promise<Service> => {
  const service = await startService(env)
  onTestFinished(() => service.stop())
  return service
}

describe.each(mainStores)('over $name', { timeout: 180_000 }, (store) => {
  it('a page deleted softly closes its sockets with 4404, erases nothing, and comes back whole', async () => {
    const service = await start((await store.open()).env)
    const ask = askAt(service.address)
    const client = await connectClient(service.collab, 's1/p1', { user: 'ana' })
    client.edit('1', (doc) => doc.getText('t').insert(0, 'kept'))
    await client.settled()
    await ask(`POST ${PAGE}/versions`, { body: { label: 'one' } })
    expect((await ask(`DELETE ${PAGE}`)).status).toBe(204)
    await until('the socket to be closed', () => client.closings.length > 0)
    expect(client.closings[0]?.code).toBe(DELETED)
    for (const request of [`GET ${PAGE}`, `GET ${PAGE}/history`, `GET ${PAGE}/versions`]) {
      expect((await ask(request)).status).toBe(410)
    }
    const update = updateOf((doc) => doc.getText('t').insert(0, 'no'))
    expect((await ask(`POST ${PAGE}/updates`, { body: update })).status).toBe(410)
    expect((await ask('GET /stories/s1?deleted=true')).body.pages).toMatchObject([
      { id: 'p1', deletedAt: expect.any(String) },
    ])
    expect((await ask(`DELETE ${PAGE}`)).status).toBe(204)
    expect((await ask(`POST ${PAGE}/undelete`)).status).toBe(204)
    expect((await ask(`POST ${PAGE}/undelete`)).status).toBe(204)
    expect((await pageAt(service.address, PAGE)).getText('t').toString()).toBe('kept')
    expect((await ask(`GET ${PAGE}/versions`)).body.versions).toHaveLength(1)
    client.edit('2', (doc) => doc.getText('t').insert(4, ' again'))
    client.connect()
    await client.synced()
    await client.settled()
    expect((await pageAt(service.address, PAGE)).getText('t').toString()).toBe('kept again')
  })

  it('a page deleted for good refuses a late client, which keeps its words, and its name is never used again', async () => {
    const service = await start((await store.open()).env)
    const ask = askAt(service.address)
    const late = await connectClient(service.collab, 's1/p1', { user: 'late' })
    late.edit('1', (doc) => doc.getText('t').insert(0, 'words'))
    await late.settled()
    await ask(`POST ${PAGE}/versions`, { body: { label: 'one' } })
    late.disconnect()
    late.edit('2', (doc) => doc.getText('t').insert(5, ' written offline'))
    expect((await ask(`DELETE ${PAGE}?hard=true`)).status).toBe(204)
    expect((await ask(`DELETE ${PAGE}?hard=true`)).status).toBe(204)

    late.connect()
    await until('the late client to be refused', () => late.closings.length > 0)
    expect(late.closings[0]?.code).toBe(DELETED)
    expect(late.doc.getText('t').toString()).toBe('words written offline')
    const update = Y.encodeStateAsUpdate(late.doc)
    expect((await ask(`POST ${PAGE}/updates`, { body: update })).status).toBe(410)
    expect((await ask(`POST ${PAGE}/undelete`)).status).toBe(410)
    await ask('POST /stories/s1/pages/p2/updates', { body: updateOf((doc) => doc.getText('t').insert(0, 'other')) })
    expect((await ask('POST /stories/s1/pages/p2/copy', { body: { page: 'p1' } })).status).toBe(409)
    expect((await ask(`GET ${PAGE}`)).status).toBe(410)
  })
})

describe('on two processes', () => {
  it('what is typed while a page is erased elsewhere is refused with 4404, and no row of it is left', async () => {
    const store = await anyPostgres().open()
    const [here, there] = [await start(store.env), await start(store.env)]
    const client = await connectClient(there.collab, 's1/p1', { user: 'ana' })
    client.edit('0', (doc) => doc.getText('t').insert(0, 'words'))
    await client.settled()
    const erased = askAt(here.address)(`DELETE ${PAGE}?hard=true`)
    for (let count = 1; client.closings.length === 0; count++) {
      client.edit(String(count), (doc) => doc.getText('t').insert(0, 'x'))
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect((await erased).status).toBe(204)
    expect(client.closings[0]?.code).toBe(DELETED)
    for (const table of ['update', 'snapshot', 'version', 'writer', 'quarantine']) {
      expect(await store.query(`SELECT 1 FROM scriptorium.${table} WHERE room_id = 's1/p1'`)).toEqual([])
    }
    const rooms = await store.query<{ epoch: number }>(
      `SELECT epoch FROM scriptorium.room WHERE room_id = 's1/p1' AND erased_at IS NOT NULL`,
    )
    expect(rooms).toEqual([{ epoch: 1 }])
  })
})
