/** How soon the editor can be used on a slow phone, the first time and when it comes again, in a real Chromium. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext } from 'playwright-core'
import { CHROMIUM_ARGUMENTS, chromiumPath } from '../../chromium.ts'
import { releasing } from '../releasing.ts'
import { serviceTarget } from '../targets/service.ts'
import { CPU_RATE, NETWORKS, type Network, PHONE } from './profiles.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const ROUNDS = 5
const WAIT_MS = 30_000

/** Milliseconds after the address was opened. */
interface Opening {
  /** Something was painted. */
  readonly painted: number
  /** The last script that the editor needs had come. */
  readonly loaded: number
  /** The page could be written on. */
  readonly usable: number
}

/** Runs the suite. @returns 0, or 1 where there is no Chromium */
export const run = async (): Promise<number> => {
  const executablePath = chromiumPath
  if (executablePath === null) {
    process.stderr.write('bench: there is no Chromium (CHROMIUM_PATH)\n')
    return 1
  }
  return releasing(async (releases) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'scriptorium-bench-'))
    releases.push(() => rm(dataDir, { recursive: true, force: true }))
    const target = serviceTarget({ database: null, dataDir, stock: false, env: { DEMO: 'on' } })
    const { endpoint } = await target.start(releases, { inspected: false, keeps: false })
    const { chromium } = await import('playwright-core')
    const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_ARGUMENTS] })
    releases.push(() => browser.close())
    const url = await demoIn(endpoint.base.replace(/^ws/, 'http').replace(/\/collab$/, ''))
    say(`\nThe demo story on a phone, CPU ${CPU_RATE} times slower: ms until the page can be written on`)
    say(`  Chromium ${browser.version()}; middle of ${ROUNDS} rounds (least to most)`)
    for (const network of NETWORKS) await measure(browser, url, network)
    return 0
  })
}

/** @returns the address of the story that an empty service begins with */
const demoIn = async (address: string): Promise<string> => {
  const answer = await fetch(`${address}/api/v1/stories`)
  const { stories } = (await answer.json()) as { stories: { story: string }[] }
  const [demo] = stories
  if (demo === undefined) throw new Error('the service began without its demo story')
  return `${address}/s/${encodeURIComponent(demo.story)}`
}

const measure = async (browser: Browser, url: string, network: Network): Promise<void> => {
  const first: Opening[] = []
  const again: Opening[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const phone = await browser.newContext(PHONE)
    const opening = await openOn(phone, url, network)
    const reopening = await openOn(phone, url, network)
    await phone.close()
    // The first round warms up the service.
    if (round === 0) continue
    first.push(opening)
    again.push(reopening)
  }
  const { name, latency, downloadThroughput } = network
  say(`  ${name}: ${latency} ms, ${(downloadThroughput * 8) / 1_000_000} Mbit/s`)
  say(`    first${lineOf(first)}`)
  say(`    again${lineOf(again)}`)
}

/** Opens the story in a window of its own, and stays until the app is kept on the phone. */
const openOn = async (phone: BrowserContext, url: string, network: Network): Promise<Opening> => {
  const page = await phone.newPage()
  const session = await phone.newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.emulateNetworkConditions', { offline: false, ...network })
  await session.send('Emulation.setCPUThrottlingRate', { rate: CPU_RATE })
  await page.goto(url)
  await page.waitForFunction(() => performance.getEntriesByName('usable').length > 0, null, { timeout: WAIT_MS })
  const opening = await page.evaluate((): Opening => {
    const usable = performance.getEntriesByName('usable')[0]?.startTime ?? Number.NaN
    const scripts = (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).filter(
      ({ name, startTime }) => name.endsWith('.js') && startTime < usable,
    )
    return {
      painted: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
      loaded: Math.max(...scripts.map(({ responseEnd }) => responseEnd)),
      usable,
    }
  })
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready
  })
  await page.close()
  return opening
}

const lineOf = (openings: readonly Opening[]): string => {
  const [least = 0, ...others] = openings.map(({ usable }) => usable).sort((one, other) => one - other)
  const { painted, loaded, usable } = {
    painted: middle(openings.map((each) => each.painted)),
    loaded: middle(openings.map((each) => each.loaded)),
    usable: middle(openings.map((each) => each.usable)),
  }
  return (
    `${usable.toFixed(0).padStart(8)} (${least.toFixed(0)} to ${(others.at(-1) ?? least).toFixed(0)})` +
    `   painted at ${painted.toFixed(0)}, scripts there at ${loaded.toFixed(0)}`
  )
}

const middle = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[values.length >> 1] ?? Number.NaN
