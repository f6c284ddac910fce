/** The API over every store: what each route gives, and what it answers when it cannot. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { addPage } from '../../shared/story.ts'
import { pageAt, startApi as start, updateOf } from '../support/archive-api.ts'
import { connectClient } from '../support/client.ts'
import { mainStores } from '../support/sized-stores.ts'
import { until } from '../support/until.ts'

const PAGE = '/stories/s1/pages/p1'

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
    expect(text.body).toBe('The fox\n\nOnce.')
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

  it('gives the page that a story begins with in one answer, and says which it is', async () => {
    const { ask, address } = await start(store)
    const first = () => ask('GET /stories/s1/first')
    expect((await first()).status).toBe(204)
    const outline = new Y.Doc()
    const list = (id: string) => updateOf((doc) => addPage(doc, { id, title: '' }, 0), outline)
    await ask('POST /stories/s1/pages/_story/updates', { body: list('p1') })
    expect((await first()).status, 'it is listed, and not written yet').toBe(204)
    await ask(`POST ${PAGE}/updates`, { body: updateOf((doc) => doc.getText('title').insert(0, 'A fox')) })
    const { status, headers } = await first()
    expect([status, headers.get('scriptorium-page'), headers.get('scriptorium-seq')]).toEqual([200, 'p1', '1'])
    expect((await pageAt(address, '/stories/s1/first')).getText('title').toString()).toBe('A fox')
    await ask('POST /stories/s1/pages/_story/updates', { body: list('Äpfel & Birnen') })
    const pears = encodeURIComponent('Äpfel & Birnen')
    await ask(`POST /stories/s1/pages/${pears}/updates`, { body: updateOf((doc) => doc.getMap('a').set('b', 1)) })
    expect((await first()).headers.get('scriptorium-page')).toBe(pears)
    await ask(`DELETE /stories/s1/pages/${pears}`)
    expect((await first()).status).toBe(410)
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
    const { acts } = (await ask('GET /admin/audit')).body
    expect(acts.map(({ act }: { act: string }) => act)).toEqual(['POST /api/v1/stories/:story/pages/:page/versions'])

    const restored = await ask(`POST ${PAGE}/restore?user=ben`, { body: { version: named.body.id } })
    expect(restored).toMatchObject({ status: 200, body: { seq: 3, version: expect.any(String) } })
    await until('the restore to reach who is there', () => client.doc.getText('t').toString() === 'first')
    const { entries } = (await ask(`GET ${PAGE}/history`)).body
    expect(entries[0]).toMatchObject({ author: 'ben', kind: 'restore', toSeq: 3 })
    const same = await ask(`POST ${PAGE}/restore?user=ben`, { body: { version: named.body.id } })
    expect(same.body).toEqual({ seq: 3, version: null })
    const noted = (await ask('GET /admin/audit')).body.acts.map(({ detail }: { detail: unknown }) => detail)
    const { id: version } = named.body
    expect(noted).toEqual([{ version, unchanged: true }, { version }, { label: 'as it began' }])

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
    expect((await ask(`POST ${PAGE}/undo?user=mod&preview=true`, { body: { user: 'ana', from } })).status).toBe(200)
    expect((await ask('GET /admin/audit')).body.acts).toEqual([])
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
