import { describe, expect, it } from 'vitest'
import { seededRandom } from '../support/random.ts'
import { startService } from '../support/service.ts'
import { allStores } from '../support/sized-stores.ts'
import { foldOf } from '../support/stores.ts'
import { editsIn, missingFrom, Typists } from '../support/typists.ts'
import { until } from '../support/until.ts'

const ROOM = 'story/draining'

describe.each(allStores)('SIGTERM, on $name,', ({ open }) => {
  it('commits what was typed, tells everybody to come back, and ends with 0', async () => {
    const random = seededRandom()
    const store = await open()
    const service = await startService(store.env)
    const typists = new Typists(service.collab, [ROOM, ROOM, ROOM])
    typists.connect(service.collab)
    typists.start(random)
    await until('edits to be acknowledged', () => typists.acknowledgedCount > 100)
    service.signal('SIGTERM')
    expect(await service.ended).toEqual({ code: 0, signal: null })
    await typists.stop()
    for (const { closings } of typists.clients) {
      expect(closings.map(({ code }) => code)).toEqual([1012])
      expect(JSON.parse(closings[0]?.reason ?? '')).toMatchObject({ code: 1012 })
    }
    const kept = editsIn(await foldOf(store, ROOM))
    expect(missingFrom(kept, typists.acknowledged(ROOM))).toEqual([])
  })
})
