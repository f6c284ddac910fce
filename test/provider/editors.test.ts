/** The bindings of other editors, in a real Chromium, on our provider as they are on a stock one. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { bundle } from '../support/bundle.ts'
import { chromiumPath, serveApp, startChromium } from '../support/chromium.ts'
import { leaveOut } from '../support/left-out.ts'
import { sharedService } from '../support/shared-service.ts'
import { isFull } from '../support/size.ts'
import { until } from '../support/until.ts'
import type { Editor, Editors, Mounting } from './app/editors.ts'

declare const editors: Editors

if (chromiumPath === null) leaveOut('the bindings of editors: there is no Chromium (CHROMIUM_PATH)')

if (!isFull) leaveOut('the provider in CodeMirror, Quill, Lexical and ProseMirror: npm run test:full')

describe.skipIf(chromiumPath === null || !isFull)('two people in a browser', { timeout: 90_000 }, () => {
  const shared = sharedService({})
  let script = ''
  beforeAll(async () => {
    script = await bundle('test/provider/app/editors.ts', { format: 'es' })
  })
  const browser = chromiumPath === null ? null : startChromium()
  afterAll(async () => (await browser)?.close())

  /** Somebody with a device of their own. */
  const open = async (editor: Editor, name: string, more: Partial<Mounting> = {}): Promise<Page> => {
    const context = await (await (browser as ReturnType<typeof startChromium>)).newContext()
    onTestFinished(() => context.close())
    const tab = await context.newPage()
    const faults: string[] = []
    tab.on('pageerror', (error) => faults.push(String(error)))
    onTestFinished(() => expect(faults).toEqual([]))
    await tab.goto(await serveApp({ '/editors.js': script }))
    await tab.waitForFunction('globalThis.editors')
    const mounting = { editor, url: shared().service.collab, page: editor, name, isStock: false, isFirst: false }
    await tab.evaluate((given) => editors.mount(given), { ...mounting, ...more })
    await until(`${name} to have the page`, () => tab.evaluate(() => editors.isSynced()))
    return tab
  }

  const textIn = (tab: Page) => tab.evaluate(() => editors.text())
  const stateOf = (tab: Page) => tab.evaluate(() => editors.state())
  const type = async (tab: Page, words: string) => {
    await tab.locator('[contenteditable=true]').focus()
    await tab.keyboard.press('Control+End')
    await tab.keyboard.type(words)
  }
  const untilSaved = (tab: Page) =>
    until('it to be saved', async () => {
      const { connection, saved } = await stateOf(tab)
      return connection === 'online' && saved.state === 'saved'
    })
  const untilEqual = async (one: Page, other: Page, words: readonly string[]) => {
    let texts: [string, string] = ['', '']
    const isEqual = async () => {
      texts = [await textIn(one), await textIn(other)]
      return texts[0] === texts[1] && words.every((word) => texts[0].includes(word))
    }
    await until(`both to show ${words.join(', ')}`, isEqual).catch((error: unknown) => {
      throw new Error(`they show ${JSON.stringify(texts)}`, { cause: error })
    })
  }
  const shows = (tab: Page, name: string) =>
    tab.evaluate((given) => document.body.textContent?.includes(given) ?? false, name)

  const EDITORS: readonly Editor[] = ['codemirror', 'quill', 'prosemirror', 'lexical']
  const writeWith = async (editor: Editor): Promise<void> => {
    // Whoever begins an empty page of Lexical writes its first paragraph, and would take that back too: with it goes
    // what others wrote there.
    const first = await open(editor, 'Ida', { isFirst: true })
    await untilSaved(first)
    await first.close()
    const ana = await open(editor, 'Ana')
    const ben = await open(editor, 'Ben')
    await type(ana, 'once upon ')
    await untilEqual(ana, ben, ['once upon'])
    // On a line of his own: Lexical takes back a piece of text with all that others wrote into it.
    await ben.locator('[contenteditable=true]').focus()
    await ben.keyboard.press('Control+End')
    await ben.keyboard.press('Enter')
    await type(ben, 'a time ')
    await untilEqual(ana, ben, ['once upon', 'a time'])
    await until('Ana to see where Ben is', () => shows(ana, 'Ben'))
    await ana.locator('[contenteditable=true]').focus()
    await ana.keyboard.press('Control+Home')
    await until('Ben to see where Ana is', () => shows(ben, 'Ana'))
    await untilSaved(ana)
    await untilSaved(ben)

    await ben.context().setOffline(true)
    await until('Ben to be alone', async () => (await stateOf(ben)).connection === 'offline')
    await until('Ana to be out of his sight', async () => !(await shows(ben, 'Ana')))
    await type(ben, 'there was ')
    expect((await stateOf(ben)).saved.state).toBe('on this device')
    await type(ana, 'a fox ')
    await untilSaved(ana)
    expect(await textIn(ana)).not.toContain('there was')
    await ben.context().setOffline(false)
    await untilSaved(ben)
    await untilEqual(ana, ben, ['once upon', 'a time', 'there was', 'a fox'])
    // The same set-up with a stock provider in its place.
    const eve = await open(editor, 'Eve', { isStock: true })
    await untilEqual(ana, eve, ['once upon', 'a time', 'there was', 'a fox'])

    await ana.locator('[contenteditable=true]').focus()
    await until('Ana to have undone all that she wrote', async () => {
      await ana.keyboard.press('Control+z')
      return !/once|upon|fox/.test(await textIn(ana))
    })
    await untilEqual(ana, ben, ['a time', 'there was'])
    await untilSaved(ana)
    await until('Ben to be seen again', () => shows(ana, 'Ben'))
    await ben.close()
    await until('Ben to be gone', async () => !(await shows(ana, 'Ben')))
  }

  // All at once: most of it is waiting.
  it(`write with ${EDITORS.join(', ')}: together, apart without a network, and each undoes what is their own`, async () => {
    await Promise.all(
      EDITORS.map((editor) =>
        writeWith(editor).catch((error: unknown) => {
          throw new Error(`with ${editor}: ${error instanceof Error ? error.message : error}`, { cause: error })
        }),
      ),
    )
  })
})
