/** Tabs that a browser freezes, or keeps behind another page, in a real Chromium. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { bundle } from '../support/bundle.ts'
import { chromiumPath, serveApp } from '../support/chromium.ts'
import { leaveOut } from '../support/left-out.ts'
import { freePort } from '../support/postgres.ts'
import { startService } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { readAfresh } from '../support/stock.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'
import type { App } from './app/page.ts'

declare const app: App

if (!isFull) leaveOut('a tab that is frozen, or kept behind another page: npm run test:full')

describe.skipIf(chromiumPath === null || !isFull)('a tab', { timeout: 120_000 }, () => {
  let scripts: Record<string, string> = {}
  beforeAll(async () => {
    scripts = {
      '/page.js': await bundle('test/provider/app/page.ts', { format: 'es' }),
      '/worker.js': await bundle('test/provider/app/worker.ts', { format: 'iife' }),
    }
  })

  const openBrowser = async (): Promise<Browser> => {
    const browser = await chromium.launch({
      executablePath: chromiumPath ?? '',
      args: ['--no-sandbox'],
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
    })
    onTestFinished(() => browser.close())
    return browser
  }

  /** Another device of another person. */
  const openTab = async (browser: Browser, address: string, url: string): Promise<Page> => {
    const context: BrowserContext = await browser.newContext()
    const tab = await context.newPage()
    await tab.goto(address)
    await started(tab, url)
    return tab
  }
  const started = async (tab: Page, url: string): Promise<void> => {
    await tab.waitForFunction('globalThis.app')
    await tab.evaluate((opening) => app.open(opening), { url, story: 's1', page: 'p', keptIn: 'indexedDb' as const })
  }
  const write = (tab: Page, words: string) => tab.evaluate((given) => app.write(given), words)
  const textOf = (tab: Page) => tab.evaluate(() => app.text())
  const stateOf = (tab: Page) => tab.evaluate(() => app.state())
  const untilSaved = (tab: Page) =>
    until('it to be saved', async () => {
      const { connection, saved } = await stateOf(tab)
      return connection === 'online' && saved.state === 'saved'
    })

  it('that was frozen while others wrote and its socket was lost has all, and a light that never lied', async () => {
    const port = String(await freePort())
    const store = await anyPostgres().open()
    let service = await startService({ ...store.env, PORT: port })
    const url = service.collab
    const browser = await openBrowser()
    const address = await serveApp(scripts)
    const [ana, ben] = [await openTab(browser, address, url), await openTab(browser, address, url)]
    const session = await ana.context().newCDPSession(ana)
    const lifecycle = (state: 'frozen' | 'active') => session.send('Page.setWebLifecycleState', { state })
    await write(ana, 'once ')
    await untilSaved(ana)

    // Whatever it shows: green with words that nobody else has would be a lie.
    await ana.evaluate(() => {
      const seen: string[] = []
      Object.assign(globalThis, { seen })
      app.watch(({ saved, connection }) => seen.push(`${connection} ${saved.state} ${saved.count}`))
    })
    await ana.context().setOffline(true)
    await until('the loss', async () => (await stateOf(ana)).connection !== 'online')
    await write(ana, 'unsent ')
    await lifecycle('frozen')
    await write(ben, 'meanwhile ')
    await untilSaved(ben)
    await service.kill('SIGKILL')
    service = await startService({ ...store.env, PORT: port })
    await untilSaved(ben)
    expect((await readAfresh(url, 's1/p')).getText('text').toString()).not.toContain('unsent')
    await lifecycle('active')
    expect((await stateOf(ana)).saved).toMatchObject({ state: 'on this device', count: 7 })
    await ana.context().setOffline(false)
    await untilSaved(ana)
    const words = ['once ', 'unsent ', 'meanwhile ']
    await until('both to have all', async () => {
      const texts = [await textOf(ana), await textOf(ben)]
      return texts[0] === texts[1] && words.every((word) => texts[0]?.includes(word))
    })
    expect((await readAfresh(url, 's1/p')).getText('text').toString()).toBe(await textOf(ana))
    const seen = await ana.evaluate(() => (globalThis as unknown as { seen: string[] }).seen)
    const from = seen.findIndex((each) => each.endsWith('on this device 7'))
    const green = seen.findIndex((each, at) => at > from && / saved /.test(each))
    expect(from).toBeGreaterThanOrEqual(0)
    expect(seen[green]).toBe('online saved 0')

    // Nothing of its own waits, and the service dies under the frozen tab.
    await lifecycle('frozen')
    await service.kill('SIGKILL')
    service = await startService({ ...store.env, PORT: port })
    await write(ben, 'later ')
    await untilSaved(ben)
    await lifecycle('active')
    // Whoever has nothing to bring makes room for others first.
    await until('it to hear what was written meanwhile', async () => (await textOf(ana)).includes('later '), {
      withinMs: 60_000,
    })
    await write(ana, 'end')
    await untilSaved(ana)
    await until('the other to hear it', async () => (await textOf(ben)).includes('end'))
    await service.stop()
  })

  it('that is frozen notes what its device has not written yet', async () => {
    const service = await startService((await anyPostgres().open()).env)
    const tab = await openTab(await openBrowser(), await serveApp(scripts), service.collab)
    await untilSaved(tab)
    const noted = await tab.evaluate(() => {
      app.write('last')
      document.dispatchEvent(new Event('freeze'))
      return Object.keys(localStorage).filter((key) => key.startsWith('scriptorium:parting:')).length
    })
    expect(noted).toBe(1)
    await untilSaved(tab)
    await service.stop()
  })

  it('that comes back from behind another page has all, and goes on', async () => {
    const service = await startService((await anyPostgres().open()).env)
    const url = service.collab
    const browser = await openBrowser()
    const [address, elsewhere] = [await serveApp(scripts), await serveApp(scripts)]
    const [ana, ben] = [await openTab(browser, address, url), await openTab(browser, address, url)]
    await write(ana, 'once ')
    await untilSaved(ana)
    // Playwright knows nothing of pages that come back as they were.
    const session = await ana.context().newCDPSession(ana)
    const said = async (expression: string): Promise<unknown> =>
      (await session.send('Runtime.evaluate', { expression, returnByValue: true })).result.value
    await said('globalThis.isKept = true')
    await said(`location.href = '${elsewhere}/'`)
    await until('the other page', async () => (await said('location.origin')) === elsewhere)
    await write(ben, 'meanwhile ')
    await untilSaved(ben)
    await said('history.back()')
    await until('the page as it was', async () => (await said('globalThis.isKept')) === true)
    await until('it to hear what was written meanwhile', async () =>
      String(await said('app.text()')).includes('meanwhile'),
    )
    await said(`app.write('end')`)
    await until('it to be saved', async () => (await said('app.state().saved.state')) === 'saved')
    await until('the other to hear it', async () => (await textOf(ben)).includes('end'))
    await service.stop()
  })
})
