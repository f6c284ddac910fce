/** Pages that other apps write: the editor shows what it can, and deletes nothing. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { addPage } from '../../shared/story.ts'
import { askAt, pageAt, updateOf } from '../support/archive-api.ts'
import { bodyOf, chromiumPath, lit, openBrowser, opened, somebody, textIn, type } from '../support/browser.ts'
import { type Service, startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { node } from '../support/story.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const WORDS = 'A heron stood still.\nIt waited.'
const CANNOT = 'This page holds something that this editor cannot show.'

interface Written {
  readonly service: Service
  /** Adds to the page as another app does. */
  readonly write: (change: (doc: Y.Doc) => void) => Promise<void>
  /** The page as the service has it. */
  readonly stored: () => Promise<Y.Doc>
}

/** A story with one page, written by another app. */
const written = async (change: (doc: Y.Doc) => void): Promise<Written> => {
  const service = await startService((await anyPostgres().open()).env)
  const ask = askAt(service.address)
  const path = '/stories/pond/pages/one'
  const send = async (page: string, body: Uint8Array) =>
    expect((await ask(`POST /stories/pond/pages/${page}/updates`, { body })).status).toBe(200)
  await send(
    '_story',
    updateOf((doc) => addPage(doc, { id: 'one', title: 'One' }, 0)),
  )
  const doc = new Y.Doc()
  const write = (each: (doc: Y.Doc) => void) => send('one', updateOf(each, doc))
  await write(change)
  return { service, write, stored: () => pageAt(service.address, path) }
}

const linesIn = (page: Page): Promise<string[]> => page.locator('.plain p').allTextContents()

describe.skipIf(chromiumPath === null)('a page that another app writes', { timeout: 120_000 }, () => {
  it('as plain text is shown as paragraphs to be read, stays as it is, and becomes one of this app when somebody wishes', async () => {
    const { service, write, stored } = await written((doc) => doc.getText('body').insert(0, WORDS))
    const ana = await somebody(await openBrowser(), `${service.address}/s/pond`)
    await ana.page.getByText(CANNOT).waitFor()
    expect(await linesIn(ana.page)).toEqual(WORDS.split('\n'))
    await until('the thumbnail', async () => (await ana.page.locator('.stamp-text').textContent()) === WORDS)
    await write((doc) => doc.getText('body').insert(WORDS.length, '\nIt left.'))
    await until('what was added', async () => (await linesIn(ana.page)).at(-1) === 'It left.')

    await ana.page.getByRole('button', { name: 'History' }).click()
    await ana.page.locator('.past .tiptap').getByText('It left.').waitFor()
    await ana.page.getByRole('button', { name: 'Back to writing' }).click()
    await ana.page.reload()
    await ana.page.getByText(CANNOT).waitFor()
    expect((await stored()).getText('body').toString()).toBe(`${WORDS}\nIt left.`)

    ana.page.on('dialog', (dialog) => void dialog.accept())
    await ana.page.getByRole('button', { name: 'Make paragraphs of it' }).click()
    await opened(ana.page)
    await type(ana.page, ' For good.')
    await lit(ana.page, 'saved')
    expect((await stored()).getXmlFragment('body').toString()).toBe(
      [...WORDS.split('\n'), 'It left. For good.'].map((line) => `<paragraph>${line}</paragraph>`).join(''),
    )
    expect(await ana.page.getByText(CANNOT).count()).toBe(0)
    expect(ana.faults).toEqual([])
    await service.stop()
  })

  it('becomes paragraphs once where two people wish so at the same moment, with what one writes on', async () => {
    const { service, stored } = await written((doc) => {
      const body = doc.getText('body')
      body.insertEmbed(0, node('table', ['Heron, two']))
      body.insertEmbed(1, node('paragraph', ['It left.']))
      body.insert(2, WORDS)
    })
    const browser = await openBrowser()
    const people = [
      await somebody(browser, `${service.address}/s/pond`),
      await somebody(browser, `${service.address}/s/pond`, { name: 'Ben' }),
    ] as const
    for (const { context, page } of people) {
      await page.getByText(CANNOT).waitFor()
      await lit(page, 'saved')
      await context.setOffline(true)
      page.on('dialog', (dialog) => void dialog.accept())
      await page.getByRole('button', { name: 'Make paragraphs of it' }).click()
      await opened(page)
    }
    const [ana, ben] = people
    await type(ana.page, ' For good.')
    await lit(ana.page, 'on this device')
    for (const { context, page } of people) {
      await context.setOffline(false)
      await lit(page, 'saved')
    }
    const lines = ['Heron, two', 'It left.', `${WORDS} For good.`].join('\n').split('\n')
    expect((await stored()).getXmlFragment('body').toString()).toBe(
      lines.map((line) => `<paragraph>${line}</paragraph>`).join(''),
    )
    for (const { page } of people) {
      await until('all to be there', async () => (await textIn(page)) === lines.join(''))
    }
    expect([...ana.faults, ...ben.faults]).toEqual([])
    await service.stop()
  })

  it('in a schema of its own is not repaired, whoever has it open, and is written on again when it fits', async () => {
    const fitting = () => node('paragraph', ['Once.'])
    const table = () => node('table', [node('row', ['Heron, two'])])
    const { service, write, stored } = await written((doc) => doc.getXmlFragment('body').insert(0, [fitting()]))
    const ana = await somebody(await openBrowser(), `${service.address}/s/pond`)
    await opened(ana.page)
    await write((doc) => doc.getXmlFragment('body').insert(1, [table(), node('paragraph', [node('paragraph', ['x'])])]))
    await ana.page.getByText(CANNOT).waitFor()
    expect(await linesIn(ana.page)).toEqual(['Once.', 'Heron, two', 'x'])
    await write((doc) => {
      const body = doc.getXmlFragment('body')
      const text = new Y.XmlText('marked')
      text.format(0, 6, { comment: { by: 'ben' } })
      ;(body.get(0) as Y.XmlElement).insert(1, [text])
    })
    await until('what was added', async () => (await linesIn(ana.page))[0] === 'Once.marked')
    const whole = '<paragraph>Once.<comment by="ben">marked</comment></paragraph><table><row>Heron, two</row></table>'
    expect((await stored()).getXmlFragment('body').toString()).toBe(
      `${whole}<paragraph><paragraph>x</paragraph></paragraph>`,
    )
    await write((doc) => {
      const body = doc.getXmlFragment('body')
      body.delete(0, 3)
      body.insert(0, [fitting()])
    })
    await opened(ana.page)
    expect(await textIn(ana.page)).toBe('Once.')
    await type(ana.page, ' Again.')
    await lit(ana.page, 'saved')
    expect(bodyOf(await stored())).toBe('Once. Again.')
    expect(ana.faults).toEqual([])
    await service.stop()
  })

  it('is put right where two edits met, without a letter gone, by whoever may write and nobody else', async () => {
    const store = await anyPostgres().open()
    const service = await startService({ ...store.env, ...TOKEN_ENV })
    const token = (may: 'read' | 'write') => tokenOf(may, { stories: { pond: may } })
    const authorization = `Bearer ${await token('write')}`
    const send = async (body: Uint8Array) => {
      const path = 'POST /stories/pond/pages/one/updates'
      expect((await askAt(service.address)(path, { body, headers: { authorization } })).status).toBe(200)
    }
    const item = () => node('listItem', [node('bulletList', [node('listItem', [node('paragraph', ['deep'])])])])
    await send(
      updateOf((doc) =>
        doc
          .getXmlFragment('body')
          .insert(0, [node('bulletList', [item()]), node('bulletList'), node('paragraph', ['end'])]),
      ),
    )
    const stored = async () => {
      const headers = { authorization, accept: 'application/json' }
      return (await askAt(service.address)('GET /stories/pond/pages/one', { headers })).body.body
    }
    const broken = await stored()
    const browser = await openBrowser()
    const url = `${service.address}/s/pond#page=one`
    const reader = await somebody(browser, `${url}&token=${await token('read')}`)
    await reader.page.getByText(CANNOT).waitFor()
    await reader.page.getByText('You can read this page, but not write on it').waitFor()
    expect(await linesIn(reader.page)).toEqual(['deep', 'end'])
    expect(await stored()).toBe(broken)

    const writer = await somebody(browser, `${url}&token=${await token('write')}`)
    await opened(writer.page)
    await lit(writer.page, 'saved')
    const list = '<bulletlist><listitem><paragraph>deep</paragraph></listitem></bulletlist>'
    expect((await stored()).toLowerCase()).toBe(
      `<bulletlist><listitem><paragraph></paragraph>${list}</listitem></bulletlist><paragraph>end</paragraph>`,
    )
    await opened(reader.page)
    expect([...reader.faults, ...writer.faults]).toEqual([])
    await service.stop()
  })
})
