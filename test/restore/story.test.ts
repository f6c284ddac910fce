/** Whole stories: versions as one moment, restored and copied. */
import { describe, expect, it } from 'vitest'
import { askAt } from '../support/archive-api.ts'
import { postgresStores } from '../support/sized-stores.ts'
import { start, textOf, write } from './stories.ts'

describe.each(postgresStores)('a story over $name', (store) => {
  it('is kept as one moment and put back as one, pages deleted since too; newer pages stay', async () => {
    const { address } = await start((await store.open()).env)
    const ask = askAt(address)
    const docs = [await write(ask, '_story', 'order'), await write(ask, 'p1', 'one'), await write(ask, 'p2', 'two')]
    const version = await ask('POST /stories/s1/versions?user=ana', { body: { label: 'draft' } })
    expect(version).toMatchObject({ status: 201, body: { kind: 'named', label: 'draft', pages: 3 } })
    await write(ask, 'p1', ' more', docs[1])
    await ask('DELETE /stories/s1/pages/p2')
    await write(ask, 'p3', 'new')
    const restored = await ask('POST /stories/s1/restore?user=ben', { body: { version: version.body.id } })
    expect(restored).toMatchObject({ status: 200, body: { newer: ['p3'] } })
    const changed = restored.body.pages.filter((page: { version: string | null }) => page.version !== null)
    expect(changed).toMatchObject([{ page: 'p1', seq: 3 }])
    expect(await Promise.all(['_story', 'p1', 'p2', 'p3'].map((page) => textOf(address, page)))).toEqual([
      'order',
      'one',
      'two',
      'new',
    ])
    const { versions } = (await ask('GET /stories/s1/versions')).body
    expect(versions.map(({ kind }: { kind: string }) => kind)).toEqual(['before', 'named'])
    await ask('POST /stories/s1/restore', { body: { version: restored.body.version } })
    expect(await textOf(address, 'p1')).toBe('one more')
  })

  it('is copied as one moment, compact, to a name that has no such pages', async () => {
    const { address } = await start((await store.open()).env)
    const ask = askAt(address)
    const doc = await write(ask, 'p1', 'one')
    await write(ask, 'p1', ' two', doc)
    await write(ask, '_story', 'order')
    const copy = await ask('POST /stories/s1/copy', { body: { story: 's2' } })
    expect(copy).toMatchObject({ status: 201, body: { story: 's2', pages: ['_story', 'p1'] } })
    expect(await textOf(address, 'p1', 's2')).toBe('one two')
    expect((await ask('POST /stories/s1/copy', { body: { story: 's2' } })).status).toBe(409)
  })
})
