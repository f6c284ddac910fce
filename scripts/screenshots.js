/** Shows every main view in light, dark and on a phone, as pictures: so that somebody looks at them. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { buildIfStale } from './build.js'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const USAGE = `Usage: npm run screenshots -- [folder] [--docs]

  folder   where the pictures go (default: screenshots)
  --docs   also the three of the README, to docs/images
`
const DESK = { viewport: { width: 1280, height: 860 } }
const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }
const LOOKS = {
  light: DESK,
  dark: { ...DESK, colorScheme: 'dark' },
  phone: PHONE,
  'phone-dark': { ...PHONE, colorScheme: 'dark' },
}
/** Small enough for a README. */
const JPEG = { type: 'jpeg', quality: 78 }
/** Pictures, fonts and cursors have come by then. */
const SETTLED_MS = 1500
/** The charts of the console have begun by then. */
const READINGS_MS = 8000

const startService = (folder) =>
  new Promise((done, fail) => {
    const { DATABASE_URL: _url, ...env } = process.env
    const child = spawn(process.execPath, [join(root, 'scripts/scriptorium.js'), 'serve'], {
      cwd: folder,
      env: { ...env, PORT: '0', HOST: '127.0.0.1', DATA_DIR: join(folder, 'data') },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let log = ''
    child.stdout.on('data', (bytes) => {
      log += bytes
      const address = /(http:\/\/127\.0\.0\.1:\d+)\//.exec(log)?.[1]
      if (address !== undefined) done({ child, address })
    })
    child.on('exit', (code) => fail(new Error(`the service ended with ${code}:\n${log}`)))
  })

const visit = async (browser, name, look) => {
  const context = await browser.newContext({ locale: 'en-GB', ...look })
  await context.addInitScript((given) => {
    if (location.protocol === 'http:') localStorage.setItem('scriptorium:name', JSON.stringify(given))
  }, name)
  return context.newPage()
}

const writeAtEnd = async (page, words) => {
  await page.locator('.tiptap > p').last().click()
  for (const key of ['End', 'Control+End']) {
    await page.waitForTimeout(SETTLED_MS)
    await page.keyboard.press(key)
  }
  await page.waitForTimeout(SETTLED_MS)
  await page.keyboard.press('Enter')
  // The story ends in italics, which a new paragraph would go on with.
  await page.keyboard.press('Control+i')
  await page.keyboard.type(words)
}

/** Two who write in the demo story, so that there are cursors, authors and a past. */
const company = async (browser, story) => {
  const pages = []
  for (const [name, words] of [
    ['Ana', 'Oda turned the page and wrote the name of the next ship.'],
    ['Ben', 'Far out, somebody answered with a lantern.'],
  ]) {
    const page = await visit(browser, name, DESK)
    await page.goto(story)
    await page.waitForSelector('.tiptap')
    await writeAtEnd(page, words)
    pages.push(page)
  }
  return pages
}

const firstStory = async (browser, address) => {
  const page = await visit(browser, 'Ana', DESK)
  await page.goto(address)
  const story = await page.locator('.card').first().getAttribute('href')
  await page.context().close()
  return `${address}${story}`
}

const VIEWS = {
  stories: async (page, { address }) => {
    await page.goto(address)
    await page.waitForSelector('.card img')
  },
  editor: async (page, { story }) => {
    await page.goto(story)
    await page.waitForSelector('.tiptap')
  },
  writing: async (page, { story }, writers) => {
    await VIEWS.editor(page, { story })
    await page.locator('.tiptap > p').last().scrollIntoViewIfNeeded()
    await page.waitForTimeout(SETTLED_MS)
    for (const writer of writers) await writer.keyboard.type(' And then?')
  },
  history: async (page, { story }) => {
    await VIEWS.editor(page, { story })
    await openHistory(page)
    await page.waitForSelector('.slider')
  },
  share: async (page, { story }) => {
    await VIEWS.editor(page, { story })
    await choose(page, 'Share')
  },
  console: async (page, { address }) => {
    await page.goto(`${address}/admin`)
    await page.waitForTimeout(READINGS_MS)
  },
}

const openHistory = (page) => choose(page, 'History')

const choose = async (page, name) => {
  const button = page.getByRole('button', { name, exact: true })
  if (await button.isVisible()) return button.click()
  await page.getByRole('button', { name: 'More', exact: true }).click()
  await page.getByRole('menuitem', { name }).click()
}

/** The pictures of the README. */
const DOCS = { editor: ['writing', 'light'], phone: ['editor', 'phone-dark'], history: ['history', 'dark'] }

const main = async (args) => {
  if (args.includes('--help')) return void process.stdout.write(USAGE)
  buildIfStale()
  const { chromiumPath, CHROMIUM_ARGUMENTS } = await import('../dist/scripts/chromium.js')
  if (chromiumPath === null) throw new Error('there is no Chromium: set CHROMIUM_PATH')
  const folder = resolve(args.find((arg) => !arg.startsWith('--')) ?? 'screenshots')
  mkdirSync(folder, { recursive: true })
  const temporary = mkdtempSync(join(tmpdir(), 'scriptorium-screenshots-'))
  const { child, address } = await startService(temporary)
  const browser = await chromium.launch({ executablePath: chromiumPath, args: [...CHROMIUM_ARGUMENTS] })
  try {
    const story = await firstStory(browser, address)
    const writers = await company(browser, story)
    for (const [look, device] of Object.entries(LOOKS)) {
      for (const [view, show] of Object.entries(VIEWS)) {
        const page = await visit(browser, 'Cleo', device)
        await show(page, { address, story }, writers)
        await page.waitForTimeout(SETTLED_MS)
        await page.screenshot({ path: join(folder, `${view}-${look}.png`) })
        const wanted = Object.entries(DOCS).find(([, [name, as]]) => name === view && as === look)
        if (args.includes('--docs') && wanted !== undefined) {
          await page.screenshot({ path: join(root, 'docs/images', `${wanted[0]}.jpg`), ...JPEG })
        }
        await page.context().close()
      }
    }
    process.stdout.write(`${folder}\n`)
  } finally {
    await browser.close()
    child.removeAllListeners('exit')
    child.kill('SIGTERM')
    await new Promise((ended) => child.once('close', ended))
    rmSync(temporary, { recursive: true, force: true })
  }
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.stack}\n`)
  process.exitCode = 1
})
