/** A real browser: people at desks and on phones, each with a device of their own. */
import AxeBuilder from 'axe-core'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, onTestFinished } from 'vitest'
import type * as Y from 'yjs'
import { CHROMIUM_ARGUMENTS, chromiumPath } from '../../scripts/chromium.ts'
import { until } from './until.ts'

const LONG_MS = 20_000

export { chromiumPath }

/** What a suite is left out for where there is no browser. */
export const WITHOUT_BROWSER = 'there is no Chromium (CHROMIUM_PATH)'

let launched: Promise<Browser> | null = null
afterAll(async () => (await launched)?.close())

/** The browser of a file's tests, for to start one takes two seconds: what a test opens there is closed when it ends. */
export const openBrowser = async (): Promise<Browser> => {
  launched ??= chromium.launch({ executablePath: chromiumPath ?? '', args: [...CHROMIUM_ARGUMENTS] })
  const browser = await launched
  onTestFinished(async () => void (await Promise.all(browser.contexts().map((context) => context.close()))))
  return browser
}

export const PHONE: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
}

export interface Person {
  readonly context: BrowserContext
  page: Page
  /** What broke the content-security policy, and errors of the page. */
  readonly faults: string[]
  /** Warnings and errors of the browser's console. */
  readonly complaints: string[]
}

export interface PersonOptions {
  readonly name?: string
  readonly token?: string
  readonly device?: BrowserContextOptions
}

/** Somebody with a device of their own, who opens `url`. */
export const somebody = async (browser: Browser, url: string, options: PersonOptions = {}): Promise<Person> => {
  const { name = 'Ana', token, device = {} } = options
  const context = await browser.newContext({ locale: 'en-GB', ...device })
  context.setDefaultTimeout(LONG_MS)
  const faults: string[] = []
  const complaints: string[] = []
  await context.addInitScript((given) => {
    // An empty page comes first, which may keep nothing.
    if (location.protocol !== 'http:') return
    if (localStorage.getItem('scriptorium:name') === null)
      localStorage.setItem('scriptorium:name', JSON.stringify(given))
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) =>
      console.error(`policy: ${violatedDirective} ${blockedURI} ${sourceFile}`),
    )
  }, name)
  context.on('console', (message) => {
    if (message.text().startsWith('policy:')) faults.push(message.text())
    if (['warning', 'error'].includes(message.type())) complaints.push(message.text())
  })
  context.on('weberror', (error) => faults.push(String(error.error())))
  const page = await context.newPage()
  await page.goto(token === undefined ? url : `${url}#token=${token}`)
  return { context, page, faults, complaints }
}

/** The id of the page in view. */
export const pageIn = (page: Page): string => new URLSearchParams(new URL(page.url()).hash.slice(1)).get('page') ?? ''

/** Chooses a picture for the page. */
export const addPicture = async (page: Page, picture: Uint8Array): Promise<void> => {
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Picture', exact: true }).click(),
  ])
  await chooser.setFiles({ name: 'picture.png', mimeType: 'image/png', buffer: Buffer.from(picture) })
}

/** Waits until a page is open for writing or reading. */
export const opened = (page: Page): Promise<unknown> => page.waitForSelector('.tiptap')

/** Whether nothing but cursors of others follows the caret, once an editor that was just focused has placed it. */
const isAtEnd = (page: Page): Promise<boolean> =>
  page.evaluate(async () => {
    await new Promise((placed) => setTimeout(placed, 40))
    const text = document.querySelector('.tiptap')
    const { focusNode, focusOffset } = getSelection() ?? {}
    if (text === null || !focusNode || !text.contains(focusNode)) return false
    const rest = document.createRange()
    rest.selectNodeContents(text)
    rest.setStart(focusNode, focusOffset ?? 0)
    const after = rest.cloneContents()
    for (const other of after.querySelectorAll('.caret, .picture')) other.remove()
    return after.textContent?.trim() === ''
  })

/** Puts the caret at the end of the text and types. */
export const type = async (page: Page, words: string): Promise<void> => {
  await page.locator('.tiptap').focus()
  await until('the caret to be at the end', async () => {
    await page.keyboard.press('Control+End')
    return isAtEnd(page)
  })
  await page.keyboard.type(words)
}

/** The text of the page, without the names of cursors and what stands beside pictures. */
export const textIn = (page: Page): Promise<string> =>
  page
    .locator('.tiptap')
    .first()
    .evaluate((editor) => {
      const text = editor.cloneNode(true) as HTMLElement
      for (const other of text.querySelectorAll('.caret, .picture')) other.remove()
      return text.textContent ?? ''
    })

export type Light = 'saved' | 'sent' | 'on this device' | 'opening'

export const lightOf = async (page: Page): Promise<Light> =>
  (await page.locator('.light').getAttribute('data-state')) as Light

/** Waits until the light shows one of `states`. */
export const lit = (page: Page, ...states: Light[]): Promise<unknown> =>
  until(`the light to be ${states.join(' or ')}`, async () => states.includes(await lightOf(page)))

/** The text of a page’s document, as the browser shows it. */
export const bodyOf = (doc: Y.Doc): string =>
  doc
    .getXmlFragment('body')
    .toString()
    .replace(/<[^>]+>/g, '')

/** Serious findings of axe-core on what is shown. */
export const seriousFindings = async (page: Page): Promise<string[]> => {
  await page.evaluate(AxeBuilder.source)
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof AxeBuilder }
    const { violations } = await axe.run()
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
  })
}
