/** The app without a network: what is written stays on the device, and the light says so until the database has it. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { readStory } from '../../shared/story.ts'
import { comeBack, goAway, lineTo } from '../support/away.ts'
import {
  addPicture,
  bodyOf,
  chromiumPath,
  lightOf,
  lit,
  openBrowser,
  opened,
  pageIn,
  somebody,
  textIn,
  type,
} from '../support/browser.ts'
import { pngOf } from '../support/pictures.ts'
import { startService } from '../support/service.ts'
import { anyPostgres, foldOf } from '../support/stores.ts'
import { until } from '../support/until.ts'

describe.skipIf(chromiumPath === null)('a story without a network', { timeout: 120_000 }, () => {
  it('is opened, written, reordered and illustrated; all of it arrives later, and the light is honest throughout', async () => {
    const store = await anyPostgres().open()
    const service = await startService(store.env)
    const line = await lineTo(service)
    const ana = await somebody(await openBrowser(), `${line.address}/s/woods#new=The+woods`)
    await opened(ana.page)
    const first = pageIn(ana.page)
    await ana.page.getByLabel('Title of the page').fill('Oaks')
    await type(ana.page, 'Before.')
    await lit(ana.page, 'saved')
    expect(bodyOf(await foldOf(store, `woods/${first}`))).toBe('Before.')
    await ana.page.evaluate(() => navigator.serviceWorker.ready)
    await until('the app to be kept', () =>
      ana.page.evaluate(async () => (await (await caches.open('scriptorium-files')).keys()).length > 10),
    )

    await goAway(ana.context, line)
    await type(ana.page, ' Alone.')
    await lit(ana.page, 'on this device')
    await ana.page.getByText('every word is kept on this device').waitFor()
    expect(bodyOf(await foldOf(store, `woods/${first}`))).toBe('Before.')

    await ana.page.reload()
    await opened(ana.page)
    await until('the words to be there', async () => (await textIn(ana.page)) === 'Before. Alone.')
    expect(await lightOf(ana.page)).toBe('on this device')

    await ana.page.getByRole('button', { name: 'Add a page' }).click()
    await until('another page', () => pageIn(ana.page) !== first)
    const second = pageIn(ana.page)
    // The app puts the caret there, and would take it from the text.
    await ana.page.waitForSelector('.page-title textarea:focus')
    await opened(ana.page)
    await ana.page.getByLabel('Title of the page').fill('Birches')
    await type(ana.page, 'Second page.')
    await addPicture(ana.page, pngOf(120))
    await ana.page.waitForSelector('.picture img[src^=blob]')
    await ana.page.locator('.thumb[aria-current]').focus()
    await ana.page.keyboard.press('Alt+ArrowUp')
    await until('the order', async () =>
      (await ana.page.locator('.thumb-name').first().textContent())?.includes('Birches'),
    )

    await ana.page.close()
    ana.page = await ana.context.newPage()
    await ana.page.goto(`${line.address}/s/woods`)
    await opened(ana.page)
    await until('the second page, now the first', async () => (await textIn(ana.page)) === 'Second page.')
    await ana.page.waitForSelector('.picture img[src^=blob]')
    expect(await lightOf(ana.page)).toBe('on this device')
    expect(readStory(await foldOf(store, 'woods/_story')).pages.map(({ id }) => id)).toEqual([first])
    expect(await store.query('SELECT 1 FROM scriptorium.asset')).toEqual([])

    await comeBack(ana.context, line)
    await lit(ana.page, 'saved')
    const story = readStory(await foldOf(store, 'woods/_story'))
    expect(story.pages).toEqual([
      { id: second, title: 'Birches' },
      { id: first, title: 'Oaks' },
    ])
    expect(bodyOf(await foldOf(store, `woods/${first}`))).toBe('Before. Alone.')
    const page = await foldOf(store, `woods/${second}`)
    expect(bodyOf(page)).toBe('Second page.')
    const picture = page
      .getXmlFragment('body')
      .toArray()
      .find((node) => node instanceof Y.XmlElement && node.nodeName === 'picture') as Y.XmlElement
    const kept = await store.query<{ sha256: string }>('SELECT sha256 FROM scriptorium.asset')
    expect(kept).toEqual([{ sha256: picture.getAttribute('sha256') }])
    expect(ana.faults).toEqual([])
    await service.stop()
  })
  it('is begun, found again on the list, and saved once it is opened with one', async () => {
    const store = await anyPostgres().open()
    const service = await startService(store.env)
    const line = await lineTo(service)
    const { context, page, faults } = await somebody(await openBrowser(), line.address)
    await page.getByText('No story yet').waitFor()
    await page.evaluate(() => navigator.serviceWorker.ready)
    await until('the app to be kept', () =>
      page.evaluate(async () => (await (await caches.open('scriptorium-files')).keys()).length > 10),
    )

    await goAway(context, line)
    await page.getByRole('button', { name: 'New story' }).click()
    await page.getByLabel('What is it called?').fill('The tent')
    await page.getByRole('button', { name: 'Begin' }).click()
    await opened(page)
    await type(page, 'It rained.')
    await lit(page, 'on this device')
    const room = `${decodeURIComponent(new URL(page.url()).pathname.slice('/s/'.length))}/${pageIn(page)}`
    await page.goto(line.address)
    await page.locator('.card', { hasText: 'The tent' }).waitFor()

    const away = page.getByText('The service does not answer now')
    await away.waitFor()
    const listed = page.waitForResponse((response) => response.url().includes('/api/v1/stories'))
    await comeBack(context, line)
    expect(await (await listed).json()).toMatchObject({ stories: [] })
    await away.waitFor({ state: 'detached' })
    await page.locator('.card', { hasText: 'The tent' }).click()
    await opened(page)
    await lit(page, 'saved')
    expect(bodyOf(await foldOf(store, room))).toBe('It rained.')
    expect(faults).toEqual([])
    await service.stop()
  })
})
