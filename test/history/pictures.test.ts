/** Pictures that nothing refers to, over every store: what clears them away, and what keeps them. */
import { describe, expect, it, onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { clearPictures } from '../../server/log/pictures.ts'
import { askAt, updateOf } from '../support/archive-api.ts'
import { openDatabase } from '../support/open-database.ts'
import { hashOf, pngOf } from '../support/pictures.ts'
import { startService } from '../support/service.ts'
import { mainStores } from '../support/sized-stores.ts'

const signal = new AbortController().signal

const picture = (sha256: string): Y.XmlElement => {
  const element = new Y.XmlElement('picture')
  element.setAttribute('sha256', sha256)
  return element
}

describe.each(mainStores)('pictures of no use over $name', { timeout: 120_000 }, (store) => {
  it('go when no row, snapshot, version or page set aside names them, and none that came lately goes', async () => {
    const opened = await store.open()
    const service = await startService(opened.env)
    onTestFinished(() => service.stop())
    const ask = askAt(service.address)
    const [shown, removed, deleted, named, raw, unused, other] = [1, 2, 3, 4, 5, 6, 7].map((shade) => pngOf(shade))
    const all = { shown, removed, deleted, named, raw, unused, other } as Record<string, Uint8Array>
    const hash = (name: string): string => hashOf(all[name] as Uint8Array)
    for (const name of Object.keys(all)) {
      await ask(`PUT /stories/${name === 'other' ? 's2' : 's1'}/assets/${hash(name)}`, {
        body: all[name] as Uint8Array,
      })
    }
    const doc = new Y.Doc()
    const body = doc.getXmlFragment('body')
    const put = async (page: string, change: () => void) => {
      const before = Y.encodeStateVector(doc)
      change()
      const update = Y.encodeStateAsUpdate(doc, before)
      expect((await ask(`POST /stories/s1/pages/${page}/updates`, { body: update })).status).toBe(200)
    }
    await put('p1', () => body.insert(0, [picture(hash('shown')), picture(hash('removed'))]))
    await put('p1', () => body.delete(1))
    await put('p1', () => doc.getMap('own').set('raw', Uint8Array.from(Buffer.from(hash('raw'), 'hex'))))
    const gone = updateOf((page) => page.getText('title').insert(0, `see ${hash('deleted').toUpperCase()}`))
    await ask('POST /stories/s1/pages/p2/updates', { body: gone })
    await ask('DELETE /stories/s1/pages/p2')
    const cover = updateOf((page) => page.getMap('story').set('cover', hash('named')))
    await ask('POST /stories/s1/pages/_story/updates', { body: cover })
    await service.stop()

    const database = await openDatabase(opened.env)
    const clear = (dryRun: boolean, olderThanDays = 90, story: string | null = null) =>
      clearPictures({ story, olderThanDays, dryRun }, { database, signal })
    const left = async (): Promise<string[]> => {
      const rows = await database.query<{ sha256: string }>('SELECT sha256 FROM scriptorium.asset')
      return Object.keys(all).filter((name) => rows.some(({ sha256 }) => sha256 === hash(name)))
    }
    expect(await clear(false), 'none is old').toEqual({ pictures: 0, bytes: 0 })
    await database.query("UPDATE scriptorium.asset SET at = at - interval '91 days'")
    const unusedBytes = all.unused?.length as number
    expect(await clear(true, 90, 's1')).toEqual({ pictures: 1, bytes: unusedBytes })
    expect(await left()).toEqual(Object.keys(all))
    expect(await clear(false, 90, 's1')).toEqual({ pictures: 1, bytes: unusedBytes })
    expect(await left()).toEqual(['shown', 'removed', 'deleted', 'named', 'raw', 'other'])
    const [weighed] = await database.query<{ bytes: number }>(
      "SELECT bytes FROM scriptorium.story_assets WHERE story = 's1'",
    )
    const kept = ['shown', 'removed', 'deleted', 'named', 'raw'].map((name) => all[name]?.length as number)
    expect(weighed?.bytes).toBe(kept.reduce((sum, bytes) => sum + bytes, 0))

    await database.query("DELETE FROM scriptorium.update WHERE room_id = 's1/p1'")
    await clear(false)
    expect(await left(), 'what only those rows named goes with them').toEqual(['deleted', 'named'])
  })
})
