/** The app in a real browser: people who write one page at once, on desks and on a phone. */
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  addPicture,
  bodyOf,
  chromiumPath,
  lit,
  openBrowser,
  opened,
  PHONE,
  pageIn,
  seriousFindings,
  somebody,
  textIn,
  type,
  WITHOUT_BROWSER,
} from '../support/browser.ts'
import { leaveOut } from '../support/left-out.ts'
import { pngOf } from '../support/pictures.ts'
import { startService } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { anyPostgres, foldOf } from '../support/stores.ts'
import { until } from '../support/until.ts'

const MOST_FIRST_LOAD = 200_000
/** As browsers name it; bytes a second, milliseconds. */
const FAST_3G = { offline: false, downloadThroughput: 187_500, uploadThroughput: 93_750, latency: 150 }

if (chromiumPath === null) leaveOut(`the editor in a browser: ${WITHOUT_BROWSER}`)

describe.skipIf(chromiumPath === null)('the editor', { timeout: 120_000 }, () => {
  it('lets two desks and a phone write one page at once, with cursors, pictures and an honest light', async () => {
    const store = await anyPostgres().open()
    const service = await startService(store.env)
    const browser = await openBrowser()
    const url = `${service.address}/s/fox`

    const ana = await somebody(browser, `${url}#new=The+fox`, { name: 'Ana' })
    await opened(ana.page)
    await ana.page.getByLabel('Title of the page').fill('The first night')
    await ana.page.keyboard.press('Enter')
    await ana.page.keyboard.type('A fox counted stars. ')
    const ben = await somebody(browser, url, { name: 'Ben', device: { colorScheme: 'dark' } })
    const cleo = await somebody(browser, url, { name: 'Cleo', device: PHONE })
    await Promise.all([opened(ben.page), opened(cleo.page)])
    const people = [ana, ben, cleo]

    await Promise.all([
      type(ana.page, 'Ana wrote this. '),
      type(ben.page, 'Ben wrote that. '),
      type(cleo.page, 'Cleo was on a train. '),
    ])
    await until('all to see the same', async () => {
      const [one, ...others] = await Promise.all(people.map(({ page }) => textIn(page)))
      return one?.length === 74 && others.every((text) => text === one)
    })
    await until('the cursors of the others', async () => {
      const names = await Promise.all(people.map(({ page }) => page.locator('.caret-name').allTextContents()))
      return names.map((each) => each.sort().join()).join(' ') === 'Ben,Cleo Ana,Cleo Ana,Ben'
    })
    await Promise.all(people.map(({ page }) => lit(page, 'saved')))
    const room = `fox/${pageIn(ana.page)}`
    expect(bodyOf(await foldOf(store, room))).toBe(await textIn(ana.page))

    await addPicture(cleo.page, pngOf(90))
    await ana.page.waitForSelector('.picture img[src^=blob]')
    await lit(cleo.page, 'saved')
    const [kept] = await store.query<{ sha256: string; bytes: number }>(
      'SELECT sha256::text, length(data) AS bytes FROM scriptorium.asset',
    )
    expect(kept?.bytes).toBeGreaterThan(0)
    expect((await foldOf(store, room)).getXmlFragment('body').toString()).toContain('<picture')

    for (const [{ page }, words] of [[ana, 'Only Ana’s. '] as const, [ben, 'Ben again. '] as const]) {
      await page.locator('.tiptap').focus()
      await page.keyboard.press('Control+Home')
      await page.keyboard.type(words)
    }
    await until('both to see that', async () => (await textIn(ana.page)).includes('Ben again.'))
    await until('Ana’s words to go', async () => {
      await ana.page.keyboard.press('Control+z')
      return !(await textIn(ben.page)).includes('Only Ana’s.')
    })
    expect(await textIn(ana.page)).toContain('Ben again. ')

    for (const { page } of people) expect(await seriousFindings(page)).toEqual([])
    await ben.page.getByRole('button', { name: 'History' }).click()
    await ben.page.waitForSelector('.slider')
    expect(await seriousFindings(ben.page)).toEqual([])
    await ben.page.goto(service.address)
    await ben.page.waitForSelector('.card img')
    expect(await seriousFindings(ben.page)).toEqual([])
    expect(people.flatMap(({ faults }) => faults)).toEqual([])
    await service.stop()
  })

  it('loads less than 200 kB before it can be written in', async () => {
    const service = await startService((await anyPostgres().open()).env)
    const browser = await openBrowser()
    const context = await browser.newContext({ serviceWorkers: 'block' })
    const page = await context.newPage()
    const sizes = new Map<string, Promise<number>>()
    page.on('response', (response) => {
      const name = new URL(response.url()).pathname
      const isPacked = /\.(woff2|png)$/.test(name)
      sizes.set(
        name,
        response.body().then((body) => (isPacked ? body.length : gzipSync(body).length)),
      )
    })
    await page.goto(`${service.address}/s/new#new=New`)
    await opened(page)
    const first = new Set(await loadedFirst(page))
    const loaded = [...sizes].filter(([name]) => first.has(name))
    expect(loaded.length).toBeGreaterThan(8)
    const all = await Promise.all(loaded.map(async ([name, size]) => [name, await size] as const))
    const total = all.reduce((sum, [, size]) => sum + size, 0)
    process.stdout.write(`first load of the editor: ${(total / 1000).toFixed(1)} kB gzip\n`)
    expect(total, JSON.stringify(all)).toBeLessThan(MOST_FIRST_LOAD)
    if (isFull) await timeOnSlowPhone(browser, `${service.address}/s/new`)
    else leaveOut('how soon one can write on a slow phone: npm run test:full')
    await service.stop()
  })
})

/** Paths of all that was asked for before the page could be written on. */
const loadedFirst = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const usable = performance.getEntriesByName('usable')[0]?.startTime ?? Number.POSITIVE_INFINITY
    const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    return entries.filter(({ startTime }) => startTime < usable).map(({ name }) => new URL(name).pathname)
  })

/** Says how soon the editor can be used; the machine of a test is no phone, so nothing is expected of it. */
const timeOnSlowPhone = async (browser: Browser, url: string): Promise<void> => {
  const phone = await browser.newContext(PHONE)
  const slow = await phone.newPage()
  const session = await phone.newCDPSession(slow)
  await session.send('Network.enable')
  await session.send('Network.emulateNetworkConditions', FAST_3G)
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  for (const when of ['first', 'again']) {
    await slow.goto('about:blank')
    await slow.goto(url)
    await opened(slow)
    const usable = await slow.evaluate(() => performance.getEntriesByName('usable')[0]?.startTime ?? Number.NaN)
    process.stdout.write(`editor on a slow phone, ${when}: ${Math.round(usable)} ms\n`)
    await slow.evaluate(() => navigator.serviceWorker.ready)
  }
}
