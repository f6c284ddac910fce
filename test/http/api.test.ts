/** The API over every store: what each route gives, and what it answers when it cannot. */
import { describe, expect, it, onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { type Ask, askAt, pageAt, updateOf } from '../support/archive-api.ts'
import { connectClient } from '../support/client.ts'
import { startService } from '../support/service.ts'
import { anyPostgres, mainStores, type StoreKind } from '../support/stores.ts'
import { until } from '../support/until.ts'

const PAGE = '/stories/s1/pages/p1'

const start = async (kind: StoreKind): Promise<{ ask: Ask; address: string; collab: string }> => {
  const service = await startService((await kind.open()).env)
  onTestFinished(() => service.stop())
  return { ask: askAt(service.address), address: service.address, collab: service.collab }
}

/** Times are told in milliseconds: what happens next is later by one at least. */
const tick = () => new Promise((resolve) => setTimeout(resolve, 5))

describe.each(mainStores)('the API over $name', { timeout: 180_000 }, (store) => {
  it('writes a page, reads it back in three forms, and looks at its past', async () => {
    const { ask, address } = await start(store)
    const doc = new Y.Doc()
    const first = updateOf((d) => d.getText('title').insert(0, 'A fox'), doc)
    expect(await ask(`POST ${PAGE}/updates?user=ana`, { body: first })).toMatchObject({ status: 200, body: { seq: 1 } })
    const moment = (await ask(`GET ${PAGE}/history`)).body.entries[0].to
    await tick()
    const bens = new Y.Doc()
    Y.applyUpdate(bens, first)
    const second = updateOf((d) => {
      d.getText('title').delete(0, 1)
      d.getText('title').insert(0, 'The')
      const paragraph = new Y.XmlElement('paragraph')
      paragraph.insert(0, [new Y.XmlText('Once.')])
      d.getXmlFragment('body').insert(0, [paragraph, new Y.XmlElement('paragraph')])
      d.getMap('facts').set('legs', 4)
    }, bens)
    expect((await ask(`POST ${PAGE}/updates?user=ben`, { body: second })).body).toEqual({ seq: 2 })

    expect((await pageAt(address, PAGE)).getText('title').toString()).toBe('The fox')
    const json = await ask(`GET ${PAGE}`, { headers: { accept: 'application/json' } })
    expect(json.headers.get('scriptorium-seq')).toBe('2')
    const paragraphs = '<paragraph>Once.</paragraph><paragraph></paragraph>'
    expect(json.body).toEqual({ title: 'The fox', body: paragraphs, facts: { legs: 4 } })
    const text = await ask(`GET ${PAGE}`, { headers: { accept: 'text/plain' } })
    expect(text.body).toBe('Once.\n\nThe fox')
    const asArray = await ask(`GET ${PAGE}?roots=title:array`, { headers: { accept: 'application/json' } })
    expect(asArray.body.title).toEqual(expect.any(Array))

    const then = await ask(`GET ${PAGE}?at=${moment}`, { headers: { accept: 'application/json' } })
    expect(then.body).toEqual({ title: 'A fox', body: '', facts: {} })

    const { entries } = (await ask(`GET ${PAGE}/history`)).body
    expect(entries).toMatchObject([
      { author: 'ben', kind: 'edit', fromSeq: 2, toSeq: 2, edits: 1, bytes: second.length },
      { author: 'ana', kind: 'edit', fromSeq: 1, toSeq: 1, edits: 1, bytes: first.length },
    ])
    const { texts } = (await ask(`GET ${PAGE}/authors`)).body
    expect(texts).toMatchObject([
      { root: 'body', path: [0, 0], spans: [{ text: 'Once.', author: 'ben', position: 0 }] },
      {
        root: 'title',
        path: [],
        spans: [
          { text: 'The', author: 'ben', position: 0 },
          { text: ' fox', author: 'ana', position: 3 },
        ],
      },
    ])
    const diff = await ask(`GET ${PAGE}/diff?from=${moment}`)
    expect(diff.body).toMatchObject({
      from: 1,
      to: 2,
      texts: [
        { root: 'body', spans: [{ op: 'insert', text: 'Once.', author: 'ben' }] },
        {
          root: 'title',
          spans: [
            { op: 'delete', text: 'A', author: 'ben', position: 0 },
            { op: 'insert', text: 'The', author: 'ben', position: 0 },
          ],
        },
      ],
    })
    const stories = await ask('GET /stories')
    expect(stories.body).toMatchObject({ stories: [{ story: 's1', pages: 1 }], next: null })
    const story = await ask('GET /stories/s1')
    expect(story.body.pages).toMatchObject([{ id: 'p1', updates: 2, members: 0, deletedAt: null }])
  })

  it('restores to a named version and to a moment, tells who is there, and a restore can be undone', async () => {
    const { ask, address, collab } = await start(store)
    const doc = new Y.Doc()
    await ask(`POST ${PAGE}/updates?user=ana`, { body: updateOf((d) => d.getText('t').insert(0, 'first'), doc) })
    const named = await ask(`POST ${PAGE}/versions?user=ana`, { body: { label: 'as it began' } })
    expect(named).toMatchObject({ status: 201, body: { kind: 'named', label: 'as it began', author: 'ana', seq: 1 } })
    const client = await connectClient(collab, 's1/p1', { user: 'cleo' })
    client.edit('more', (d) => d.getText('t').insert(5, ' and more'))
    await client.settled()

    const preview = await ask(`POST ${PAGE}/restore?preview=true`, { body: { version: named.body.id } })
    expect(preview.body.changes).toMatchObject([{ root: 't', spans: [{ op: 'delete', text: ' and more' }] }])
    expect((await pageAt(address, PAGE)).getText('t').toString()).toBe('first and more')

    const restored = await ask(`POST ${PAGE}/restore?user=ben`, { body: { version: named.body.id } })
    expect(restored).toMatchObject({ status: 200, body: { seq: 3, version: expect.any(String) } })
    await until('the restore to reach who is there', () => client.doc.getText('t').toString() === 'first')
    const { entries } = (await ask(`GET ${PAGE}/history`)).body
    expect(entries[0]).toMatchObject({ author: 'ben', kind: 'restore', toSeq: 3 })
    const same = await ask(`POST ${PAGE}/restore?user=ben`, { body: { version: named.body.id } })
    expect(same.body).toEqual({ seq: 3, version: null })

    const back = await ask(`POST ${PAGE}/restore`, { body: { version: restored.body.version } })
    expect(back.status).toBe(200)
    await until('the restore to be undone', () => client.doc.getText('t').toString() === 'first and more')
    const versions = (await ask(`GET ${PAGE}/versions`)).body.versions
    expect(versions.map(({ kind }: { kind: string }) => kind)).toEqual(['before', 'before', 'named'])
    const one = await ask(`GET ${PAGE}/versions/${named.body.id}`)
    expect(one.body).toEqual(named.body)
    expect((await pageAt(address, `${PAGE}?version=${named.body.id}`)).getText('t').toString()).toBe('first')
  })

  it('takes back what one person did in a period', async () => {
    const { ask, address, collab } = await start(store)
    const ana = await connectClient(collab, 's1/p1', { user: 'ana' })
    const ben = await connectClient(collab, 's1/p1', { user: 'ben' })
    ana.edit('a1', (d) => d.getText('t').insert(0, 'one two three'))
    await ana.settled()
    await until('ben to see it', () => ben.doc.getText('t').length === 13)
    await tick()
    const from = new Date().toISOString()
    await tick()
    ana.edit('a2', (d) => d.getText('t').delete(4, 4))
    ana.edit('a3', (d) => d.getText('t').insert(0, 'zero '))
    await ana.settled()
    await until('ben to see that too', () => ben.doc.getText('t').toString() === 'zero one three')
    ben.edit('b1', (d) => d.getText('t').insert(d.getText('t').length, ' four'))
    await ben.settled()
    for (const query of ['', '&preview=true']) {
      const nobody = await ask(`POST ${PAGE}/undo?user=mod${query}`, { body: { user: 'anna', from } })
      expect(nobody).toMatchObject({ status: 422, body: { detail: expect.stringMatching(/"anna" .*"ana"/) } })
    }
    const undone = await ask(`POST ${PAGE}/undo?user=mod`, { body: { user: 'ana', from } })
    expect(undone).toMatchObject({ status: 200, body: { version: expect.any(String) } })
    const expected = 'one two three four'
    expect((await pageAt(address, PAGE)).getText('t').toString()).toBe(expected)
    for (const { doc } of [ana, ben]) await until('them to see it', () => doc.getText('t').toString() === expected)
  })

  it('does under one Idempotency-Key what it is asked once', async () => {
    const { ask } = await start(store)
    const doc = new Y.Doc()
    await ask(`POST ${PAGE}/updates`, { body: updateOf((d) => d.getText('t').insert(0, 'first'), doc) })
    const headers = { 'idempotency-key': 'k1' }
    const version = { headers, body: { label: 'one' } }
    const [first, second] = await Promise.all([
      ask(`POST ${PAGE}/versions`, version),
      ask(`POST ${PAGE}/versions`, version),
    ])
    expect(second.body).toEqual(first.body)
    expect((await ask(`GET ${PAGE}/versions`)).body.versions).toHaveLength(1)
    const other = await ask(`POST ${PAGE}/versions`, { headers, body: { label: 'two' } })
    expect([other.status, other.type]).toEqual([422, 'application/problem+json'])

    await ask(`POST ${PAGE}/updates`, { body: updateOf((d) => d.getText('t').insert(0, 'more '), doc) })
    const restore = { headers: { 'idempotency-key': 'k2' }, body: { version: first.body.id } }
    const restored = await Promise.all([1, 2, 3].map(() => ask(`POST ${PAGE}/restore`, restore)))
    expect(restored.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(new Set(restored.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect((await ask(`POST ${PAGE}/restore`, restore)).body).toEqual(restored[0]?.body)
    const copy = { headers: { 'idempotency-key': 'k3' }, body: { page: 'p2' } }
    const copies = await Promise.all([1, 2].map(() => ask(`POST ${PAGE}/copy`, copy)))
    expect(copies.map(({ status, body }) => [status, body])).toEqual(
      Array(2).fill([201, { story: 's1', page: 'p2', seq: 1 }]),
    )
  })

  it('copies a page compact and without its history, to a name that was never used', async () => {
    const { ask, address } = await start(store)
    const doc = new Y.Doc()
    const text = doc.getText('t')
    for (let i = 0; i < 20; i++) {
      const update = updateOf(
        () => (i % 3 === 2 ? text.delete(0, 4) : text.insert(0, `word${i} `, { bold: i % 2 === 0 })),
        doc,
      )
      await ask(`POST ${PAGE}/updates`, { body: update })
    }
    expect((await ask(`POST ${PAGE}/copy?user=ana`, { body: { page: 'p2' } })).status).toBe(201)
    const copy = await pageAt(address, '/stories/s1/pages/p2')
    expect(copy.getText('t').toDelta()).toEqual(text.toDelta())
    expect(copy.store.clients.size).toBe(1)
    expect(Y.snapshot(copy).ds.clients.size).toBe(0)
    const { entries } = (await ask('GET /stories/s1/pages/p2/history')).body
    expect(entries).toMatchObject([{ author: 'ana', kind: 'copy', edits: 1 }])
    expect((await ask(`POST ${PAGE}/copy`, { body: { page: 'p2' } })).status).toBe(409)
    expect((await ask(`POST ${PAGE}/copy`, { body: { page: '_p' } })).status).toBe(400)
  })
})

const REFUSED: readonly (readonly [request: string, status: number])[] = [
  ['GET /stories/none', 404],
  ['GET /stories/s1/pages/none', 404],
  ['GET /stories/s1/pages/none/history', 404],
  ['GET /stories/s1/pages/none/authors', 404],
  ['GET /stories/s1/pages/none/diff?from=2026-01-01T00:00:00Z', 404],
  ['GET /stories/s1/pages/none/versions', 404],
  ['GET /stories/s1/pages/p1/versions/00000000-0000-4000-8000-000000000000', 404],
  ['GET /stories/s1/pages/p1?version=00000000-0000-4000-8000-000000000000', 404],
  ['POST /stories/s1/pages/none/restore {"at":"2026-01-01T00:00:00Z"}', 404],
  ['POST /stories/s1/pages/none/versions {}', 404],
  ['POST /stories/s1/pages/none/copy {"page":"x"}', 404],
  ['POST /stories/s1/pages/none/undelete', 404],
  ['DELETE /stories/s1/pages/none', 404],
  ['DELETE /stories/s1/pages/none?hard=true', 404],
  ['POST /stories/none/versions {}', 404],
  ['GET /stories/none/versions', 404],
  ['POST /stories/s1/restore {"version":"00000000-0000-4000-8000-000000000000"}', 404],
  ['POST /stories/none/copy {"story":"x"}', 404],
  ['GET /stories/s1/pages/p1?at=yesterday', 400],
  ['GET /stories/s1/pages/p1?roots=body:novel', 400],
  ['GET /stories/s1/pages/p1?at=2026-01-01T00:00:00Z&version=00000000-0000-4000-8000-000000000000', 400],
  ['GET /stories/s1/pages/p1/history?limit=0', 400],
  ['GET /stories/s1/pages/p1/diff', 400],
  ['GET /stories/s1/pages/p1/diff?from=2999-01-01T00:00:00Z&to=2001-01-01T00:00:00Z', 400],
  ['GET /stories/s1/pages/%zz', 400],
  ['GET /stories/s1/pages/a%2Fb', 400],
  ['GET /stories/s1/pages/%00', 400],
  ['POST /stories/s1/pages/p1/restore {}', 400],
  ['POST /stories/s1/pages/p1/restore nonsense', 400],
  ['POST /stories/s1/pages/p1/undo {"user":"ana"}', 400],
  ['GET /nothing', 404],
]

describe('the API', () => {
  it('answers with a problem what cannot be had, or makes no sense', async () => {
    const { ask } = await withPage()
    const wrong: unknown[] = []
    for (const [request, status] of REFUSED) {
      const [method, path, ...rest] = request.split(' ')
      const text = rest.join(' ')
      const body = text === '' ? {} : { body: text === 'nonsense' ? text : JSON.parse(text) }
      const answer = await ask(`${method} ${path}`, body)
      const isProblem = answer.type === 'application/problem+json' && answer.body.status === status && answer.body.title
      if (answer.status !== status || !isProblem) wrong.push({ request, ...answer })
    }
    expect(wrong).toEqual([])
  })

  it('refuses what is no update, and what depends on what the page does not hold', async () => {
    const { ask } = await withPage()
    expect((await ask(`POST ${PAGE}/updates`, { body: new Uint8Array([1, 2, 3]) })).status).toBe(422)
    const doc = new Y.Doc()
    updateOf((d) => d.getText('t').insert(0, 'unseen'), doc)
    const later = updateOf((d) => d.getText('t').insert(6, ' words'), doc)
    expect((await ask(`POST ${PAGE}/updates`, { body: later })).status).toBe(409)
  })

  it('describes every route below /api/v1 at /openapi.json, and that they take a bearer token', async () => {
    const { address } = await withPage()
    const description = (await (await fetch(`${address}/openapi.json`)).json()) as {
      openapi: string
      paths: Record<string, object>
      components: { securitySchemes: object }
      security: object[]
    }
    expect(description.openapi).toMatch(/^3\.1/)
    expect(description.components.securitySchemes).toMatchObject({ bearer: { type: 'http', scheme: 'bearer' } })
    expect(description.security).toEqual([{ bearer: [] }])
    const routes = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const page = '/stories/{story}/pages/{page}'
    expect(routes.sort()).toEqual(
      [
        'GET /stories',
        'GET /stories/{story}',
        'GET /stories/{story}/versions',
        'POST /stories/{story}/versions',
        'POST /stories/{story}/restore',
        'POST /stories/{story}/copy',
        'POST /stories/{story}/sync',
        'POST /stories/{story}/invitations',
        'GET /stories/{story}/export',
        'PUT /stories/{story}/assets/{sha256}',
        'GET /stories/{story}/assets/{sha256}',
        `GET ${page}`,
        `DELETE ${page}`,
        `POST ${page}/undelete`,
        `POST ${page}/updates`,
        `GET ${page}/history`,
        `GET ${page}/authors`,
        `GET ${page}/diff`,
        `GET ${page}/versions`,
        `POST ${page}/versions`,
        `GET ${page}/versions/{id}`,
        `POST ${page}/restore`,
        `POST ${page}/undo`,
        `POST ${page}/copy`,
        'PUT /stories/{story}/freeze',
        'DELETE /stories/{story}/freeze',
        `PUT ${page}/freeze`,
        `DELETE ${page}/freeze`,
        ...['audit', 'rooms', 'rooms/{story}/{page}', 'nodes', 'events'].map((what) => `GET /admin/${what}`),
        ...['fold', 'close'].map((act) => `POST /admin/rooms/{story}/{page}/${act}`),
        'POST /admin/drain',
        ...['revoke', 'forget', 'compact', 'doctor', 'restore', 'export', 'import'].map((act) => `POST /admin/${act}`),
      ].sort(),
    )
  })
})

const withPage = async () => {
  const { ask, address } = await start(anyPostgres())
  await ask(`POST ${PAGE}/updates`, { body: updateOf((d) => d.getText('t').insert(0, 'text')) })
  return { ask, address }
}
