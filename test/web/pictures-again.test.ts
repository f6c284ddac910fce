/** Pictures that a database lost when it was put back in time, and devices that have them still. */
import { describe, expect, it } from 'vitest'
import { addPicture, chromiumPath, lit, openBrowser, opened, somebody } from '../support/browser.ts'
import { pngOf } from '../support/pictures.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

describe.skipIf(chromiumPath === null)('a picture that the database lost', { timeout: 120_000 }, () => {
  it('is brought again by a device that shows it, and seen by others', async () => {
    const store = await anyPostgres().open()
    const service = await startService(store.env)
    const browser = await openBrowser()
    const ana = await somebody(browser, `${service.address}/s/woods#new=Woods`)
    await opened(ana.page)
    await addPicture(ana.page, pngOf(90))
    await ana.page.waitForSelector('.picture img[src^=blob]')
    await lit(ana.page, 'saved')
    const there = () => store.query<{ sha256: string }>('SELECT sha256 FROM scriptorium.asset')
    const before = await there()
    expect(before).toHaveLength(1)

    await ana.page.close()
    await store.query('DELETE FROM scriptorium.asset')
    await store.query('DELETE FROM scriptorium.story_assets')
    const sha256 = before[0]?.sha256 ?? ''
    const address = `${service.address}/api/v1/stories/woods/assets/${sha256}`
    // Not that it is as it was: there is none.
    expect((await fetch(address, { headers: { 'if-none-match': `"${sha256}"` } })).status).toBe(404)
    ana.page = await ana.context.newPage()
    await ana.page.goto(`${service.address}/s/woods`)
    await ana.page.waitForSelector('.picture img[src^=blob]')
    await until('the picture to be there again', async () => (await there()).length === 1)
    expect(await there()).toEqual(before)
    await lit(ana.page, 'saved')

    const ben = await somebody(browser, `${service.address}/s/woods`, { name: 'Ben' })
    await ben.page.waitForSelector('.picture img[src^=blob]')
    expect([...ana.faults, ...ben.faults]).toEqual([])
    await service.stop()
  })
})
