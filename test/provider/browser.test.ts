/** The provider in a real Chromium: two tabs, no network, a full disk, a service worker. */
import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import type { BrowserContext, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { comeBack, goAway, lineTo, type ServiceLine } from '../support/away.ts'
import { bundle } from '../support/bundle.ts'
import { chromiumPath, serveApp, startChromium } from '../support/chromium.ts'
import { leaveOut } from '../support/left-out.ts'
import { seededRandom } from '../support/random.ts'
import { temporaryFolder } from '../support/service.ts'
import { sharedService } from '../support/shared-service.ts'
import { readAfresh } from '../support/stock.ts'
import { until } from '../support/until.ts'
import type { App, Opening } from './app/page.ts'

declare const app: App

/** A file system of this size leaves the browser 48 MB for an app. */
const SMALL_DISK = '80m'
const canMakeDisks = spawnSync('unshare', ['-r', '-m', 'true']).status === 0

if (chromiumPath === null) leaveOut('the provider in a browser: there is no Chromium (CHROMIUM_PATH)')
else if (!canMakeDisks) leaveOut('the provider on a full disk: unshare cannot mount one here')

describe.skipIf(chromiumPath === null)('a provider in Chromium', { timeout: 90_000 }, () => {
  const shared = sharedService({})
  let scripts: Record<string, string> = {}
  beforeAll(async () => {
    scripts = {
      '/page.js': await bundle('test/provider/app/page.ts', { format: 'es' }),
      '/worker.js': await bundle('test/provider/app/worker.ts', { format: 'iife' }),
    }
  })
  let line: ServiceLine
  beforeEach(async () => {
    line = await lineTo(shared().service)
  })
  const browser = chromiumPath === null ? null : startChromium()
  afterAll(async () => (await browser)?.close())

  const startContext = async (): Promise<{ context: BrowserContext; address: string }> => {
    const context = await (await (browser as ReturnType<typeof startChromium>)).newContext()
    onTestFinished(() => context.close())
    return { context, address: await serveApp(scripts) }
  }

  const openTab = async (context: BrowserContext, address: string): Promise<Page> => {
    const tab = await context.newPage()
    await tab.goto(address)
    await started(tab)
    return tab
  }

  const started = async (tab: Page): Promise<void> => void (await tab.waitForFunction('globalThis.app'))
  const open = (tab: Page, page: string, keptIn: Opening['keptIn'] = 'indexedDb') =>
    tab.evaluate((opening) => app.open(opening), { url: line.collab, story: 's1', page, keptIn })
  const write = (tab: Page, words: string) => tab.evaluate((given) => app.write(given), words)
  const textOf = (tab: Page) => tab.evaluate(() => app.text())
  const stateOf = (tab: Page) => tab.evaluate(() => app.state())
  const untilSaved = (tab: Page) =>
    until('it to be saved', async () => {
      const { connection, saved } = await stateOf(tab)
      return connection === 'online' && saved.state === 'saved'
    })
  const stored = async (page: string) =>
    (await readAfresh(shared().service.collab, `s1/${page}`)).getText('text').toString()

  it('shares a page between tabs without a network, opens it at once after a reload, and brings all of it', async () => {
    const { context, address } = await startContext()
    const [one, two] = [await openTab(context, address), await openTab(context, address)]
    await Promise.all([open(one, 'tabs'), open(two, 'tabs')])
    await write(one, 'once ')
    await untilSaved(one)
    await until('the other tab to show it', async () => (await textOf(two)) === 'once ')

    await goAway(context, line)
    await Promise.all(
      [one, two].map((tab) => until('the loss', async () => (await stateOf(tab)).connection === 'offline')),
    )
    await write(one, 'upon ')
    await until('the other tab to show it', async () => (await textOf(two)) === 'once upon ')
    await write(two, 'a time')
    await until('the first tab to show it', async () => (await textOf(one)) === 'once upon a time')
    expect((await stateOf(one)).saved.state).toBe('on this device')
    await until('it to be counted', async () => (await stateOf(one)).saved.count === 11)

    await two.reload()
    await started(two)
    await open(two, 'tabs')
    expect(await textOf(two)).toBe('once upon a time')
    expect((await stateOf(two)).saved.state).toBe('on this device')
    await one.close()
    await comeBack(context, line)
    await untilSaved(two)
    expect(await stored('tabs')).toBe('once upon a time')
  })

  it('has the last letters before a tab was reloaded, closed or gone elsewhere, and gives them up with the page', async () => {
    const { context, address } = await startContext()
    const tab = await openTab(context, address)
    await open(tab, 'parting')
    await untilSaved(tab)
    await goAway(context, line)
    const noted = (there: Page) =>
      there.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('scriptorium:parting:')).length)
    let words = ''
    const typeAnd = (page: Page, word: string, leave: 'reload' | 'go') => {
      words += word
      // In one turn: the store has no time to write.
      return Promise.all([
        leave === 'reload' ? page.waitForEvent('load') : page.waitForEvent('framenavigated'),
        page.evaluate(
          ([last, how]) => {
            app.write(last)
            if (how === 'reload') location.reload()
            else location.href = 'about:blank'
          },
          [word, leave] as const,
        ),
      ])
    }
    for (const word of ['once ', 'upon ', 'a ']) {
      await typeAnd(tab, word, 'reload')
      await started(tab)
      await open(tab, 'parting')
      expect(await textOf(tab)).toBe(words)
      expect((await stateOf(tab)).saved.state).toBe('on this device')
    }
    await typeAnd(tab, 'time ', 'go')
    await tab.goto(address)
    await started(tab)
    await open(tab, 'parting')
    expect(await textOf(tab)).toBe(words)
    // Two tabs that close at once.
    const other = await openTab(context, address)
    await open(other, 'parting')
    await Promise.all(
      [tab, other].map((each, n) =>
        each.evaluate((last) => {
          app.write(last)
          setTimeout(() => window.close())
        }, `${n} `),
      ),
    )
    await Promise.all([tab, other].map((each) => each.close({ runBeforeUnload: false })))
    const last = await openTab(context, address)
    await open(last, 'parting')
    expect((await textOf(last)).length).toBe(words.length + 4)
    await until('nothing to be noted twice', async () => (await noted(last)) === 0)
    await comeBack(context, line)
    await untilSaved(last)
    expect(await stored('parting')).toBe(await textOf(last))
    await goAway(context, line)
    await until('the loss', async () => (await stateOf(last)).connection === 'offline')
    const before = await last.evaluate(async () => {
      app.write('dropped')
      dispatchEvent(new Event('pagehide'))
      const keys = Object.keys(localStorage).length
      await app.drop()
      return keys
    })
    expect([before, await noted(last)]).toEqual([1, 0])
    await typeAnd(last, '', 'reload')
    await started(last)
    await open(last, 'parting')
    expect(await textOf(last)).toBe('')
  })

  it('keeps what two tabs write at once in one store of keys', async () => {
    const { context, address } = await startContext()
    const tabs = [await openTab(context, address), await openTab(context, address)]
    for (const tab of tabs) await open(tab, 'keys', 'keys')
    await Promise.all(tabs.map(untilSaved))
    await goAway(context, line)
    const words = await Promise.all(
      tabs.map((tab, n) =>
        tab.evaluate(async (name) => {
          for (let word = 0; word < 40; word++) {
            app.write(`${name}${word} `)
            await new Promise((resolve) => setTimeout(resolve, 1))
          }
          await app.leave()
          return 40
        }, 'ab'[n] as string),
      ),
    )
    const [one] = tabs as [Page]
    await one.reload()
    await started(one)
    await open(one, 'keys', 'keys')
    expect((await textOf(one)).trim().split(' ')).toHaveLength((words[0] as number) * 2)
    await comeBack(context, line)
    await untilSaved(one)
    expect(await stored('keys')).toBe(await textOf(one))
  })

  it('brings what was written without a network from its service worker, when no tab is open', async () => {
    const { context, address } = await startContext()
    const tab = await openTab(context, address)
    await open(tab, 'worker')
    await untilSaved(tab)
    await goAway(context, line)
    await write(tab, 'written on a train')
    await tab.evaluate(() => app.leave())
    await tab.goto('about:blank')
    expect(await stored('worker')).toBe('')

    await comeBack(context, line)
    const session = await context.newCDPSession(tab)
    const registration = new Promise<string>((resolve) => {
      session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
        const ours = registrations.find(({ scopeURL }) => scopeURL.startsWith(address))
        if (ours !== undefined) resolve(ours.registrationId)
      })
    })
    await session.send('ServiceWorker.enable')
    await session.send('ServiceWorker.dispatchSyncEvent', {
      origin: address,
      registrationId: await registration,
      tag: `${line.collab} s1`,
      lastChance: false,
    })
    await until('the words', async () => (await stored('worker')) === 'written on a train')

    await tab.goto(address)
    await started(tab)
    await until('the worker to note it', () => tab.evaluate(() => app.isBrought()))
    await goAway(context, line)
    await open(tab, 'worker')
    expect((await stateOf(tab)).saved.state).toBe('saved')
  })

  it.skipIf(!canMakeDisks)('says when the disk is full, and keeps all once there is room again', async () => {
    const folder = temporaryFolder('small-disk')
    const wrapper = `${temporaryFolder('wrapper')}/chromium`
    writeFileSync(
      wrapper,
      `#!/bin/sh
exec unshare -r -m sh -c 'mount -t tmpfs -o size=${SMALL_DISK} none "${folder}" && exec "${chromiumPath}" "$@"' sh "$@"
`,
    )
    chmodSync(wrapper, 0o755)
    const context = await chromium.launchPersistentContext(folder, { executablePath: wrapper, args: ['--no-sandbox'] })
    onTestFinished(() => context.close())
    const tab = await openTab(context, await serveApp(scripts))
    await open(tab, 'full')
    await untilSaved(tab)
    await tab.evaluate(() => app.fill())
    await goAway(context, line)
    // What can be compressed takes less room than it has.
    const words = Buffer.from(seededRandom().bytes(500_000)).toString('base64')
    await write(tab, words)
    await until('the fault to be told', async () => (await stateOf(tab)).storageFault !== null)
    expect(await textOf(tab)).toBe(words)
    await tab.evaluate(() => app.empty())
    await until('the fault to be over', async () => (await stateOf(tab)).storageFault === null)
    await tab.reload()
    await started(tab)
    await open(tab, 'full')
    expect(await textOf(tab)).toBe(words)
    await comeBack(context, line)
    await untilSaved(tab)
    expect(await stored('full')).toBe(words)
  })
})
