/** The app after an update of the service: windows that are open go on, what was typed is kept, the new build opens. */
import { execFile } from 'node:child_process'
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { bodyOf, chromiumPath, lit, openBrowser, opened, pageIn, somebody, textIn, type } from '../support/browser.ts'
import { leaveOut } from '../support/left-out.ts'
import { startService, temporaryFolder } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { anyPostgres, foldOf } from '../support/stores.ts'
import { until } from '../support/until.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const NAME = 'Scriptorium'
const NEXT_NAME = 'Scriptorium the Second'

/** Another build, of sources in which the app has another name. @returns its program */
const nextBuild = async (): Promise<string> => {
  const folder = temporaryFolder('build')
  for (const part of ['dist', 'scripts', 'shared', 'web', 'package.json', 'tsconfig.json', 'vite.config.js']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const words = join(folder, 'web/src/words/english.ts')
  writeFileSync(words, readFileSync(words, 'utf8').replace(`appName: '${NAME}'`, `appName: '${NEXT_NAME}'`))
  const args = [
    join(ROOT, 'node_modules/vite/bin/vite.js'),
    'build',
    '--logLevel',
    'error',
    '--outDir',
    join(folder, 'dist/web'),
  ]
  await promisify(execFile)(process.execPath, args, { cwd: folder })
  return join(folder, 'scripts/scriptorium.js')
}

/** The scripts of the story's HTML as the device keeps it. */
const keptScripts = (page: Page): Promise<string> =>
  page.evaluate(
    async () => ((await (await caches.match('/s/'))?.text()) ?? '').match(/assets\/[\w-]+\.js/g)?.join() ?? '',
  )

const nameOf = async (page: Page): Promise<string | undefined> => (await page.title()).split(' · ')[1]

if (!isFull) leaveOut('open windows while the service is updated: npm run test:full')

describe.skipIf(chromiumPath === null || !isFull)('a service that was updated', { timeout: 120_000 }, () => {
  it('leaves open windows whole, loses nothing typed meanwhile, and opens as the new build, without a network too', async () => {
    const building = nextBuild()
    const store = await anyPostgres().open()
    const service = await startService(store.env)
    const url = `${service.address}/s/owl`
    const ana = await somebody(await openBrowser(), 'about:blank')
    // The past of a page is a part that this window has not loaded when its build is gone.
    let refused = 0
    await ana.context.route(/\/history-[^/]*\.js$/, (route) => {
      if (route.request().serviceWorker() !== null) return route.continue()
      refused++
      return route.abort()
    })
    await ana.page.goto(`${url}#new=The+owl`)
    await opened(ana.page)
    await type(ana.page, 'An owl.')
    await lit(ana.page, 'saved')
    const room = `owl/${pageIn(ana.page)}`
    await ana.page.evaluate(() => navigator.serviceWorker.ready)
    const before = await until('the app to be kept', () => keptScripts(ana.page))
    const open = ana.page
    await until('the past not to come', () => refused > 0)
    const ben = await ana.context.newPage()
    await ben.goto(url)
    await opened(ben)

    const program = await building
    await service.stop()
    await type(open, ' It reads.')
    await lit(open, 'on this device')
    const next = await startService({ ...store.env, PORT: new URL(service.address).port }, undefined, program)
    await ben.reload()
    await opened(ben)
    expect(await textIn(ben)).toBe('An owl. It reads.')
    await until('the new build to be kept', async () => (await keptScripts(ben)) !== before)
    await until('it to be in charge', () =>
      ben.evaluate(async () => {
        const { active, waiting, installing } = (await navigator.serviceWorker.getRegistration()) ?? {}
        return active?.state === 'activated' && !waiting && !installing
      }),
    )

    expect(await nameOf(open)).toBe(NAME)
    await ana.context.unroute(/\/history-[^/]*\.js$/)
    // What a browser keeps besides, it may have let go.
    await (await ana.context.newCDPSession(open)).send('Network.clearBrowserCache')
    await open.getByRole('button', { name: 'History' }).click()
    await open.waitForSelector('.slider')
    await open.getByRole('button', { name: 'History' }).click()
    await opened(open)
    await type(open, ' All night.')
    await lit(open, 'saved')
    expect(bodyOf(await foldOf(store, room))).toBe('An owl. It reads. All night.')

    await ana.context.setOffline(true)
    await type(open, ' Alone.')
    await lit(open, 'on this device')
    await open.reload()
    await opened(open)
    expect(await nameOf(open)).toBe(NEXT_NAME)
    expect(await textIn(open)).toBe('An owl. It reads. All night. Alone.')
    await ana.context.setOffline(false)
    await lit(open, 'saved')
    expect(bodyOf(await foldOf(store, room))).toBe('An owl. It reads. All night. Alone.')
    expect(ana.faults).toEqual([])
    await next.stop()
  })
})
