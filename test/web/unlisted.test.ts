/** Pages that a story does not list: nobody loses sight of them, and what is counted is what is shown. */
import { describe, expect, it } from 'vitest'
import type * as Y from 'yjs'
import { readStory } from '../../shared/story.ts'
import { askAt, pageAt, updateOf } from '../support/archive-api.ts'
import {
  chromiumPath,
  lit,
  openBrowser,
  opened,
  PHONE,
  pageIn,
  seriousFindings,
  somebody,
  textIn,
} from '../support/browser.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { node, writeStory } from '../support/story.ts'
import { until } from '../support/until.ts'

const pageOf = (id: string) => ({ id, title: `The ${id}`, body: [node('paragraph', [`About the ${id}.`])] })

describe.skipIf(chromiumPath === null)('pages that a story does not list', { timeout: 120_000 }, () => {
  it('are offered in the editor, stay out of what is counted, and can be added', async () => {
    const service = await startService((await anyPostgres().open()).env)
    const ask = askAt(service.address)
    await writeStory(ask, 'pond', { title: 'The pond', cover: null, pages: ['heron', 'newt'].map(pageOf) })
    // Another app: it knows of no list, and puts into that of another story what is no page.
    const write = (path: string, change: (doc: Y.Doc) => void) =>
      ask(`POST /stories/${path}/updates`, { body: updateOf(change) })
    for (const page of ['reed', 'frog'])
      await write(`pond/pages/${page}`, (doc) => doc.getText('title').insert(0, page))
    await write('pond/pages/_story', (doc) => doc.getArray('pages').insert(0, ['heron', 1]))
    await write('bog/pages/moss', (doc) => doc.getText('body').insert(0, 'Moss.'))

    const browser = await openBrowser()
    const ana = await somebody(browser, service.address)
    const cardOf = (title: string) => ana.page.locator('.card', { hasText: title })
    await cardOf('The pond').waitFor()
    expect(await cardOf('The pond').textContent()).toContain('2 pages')
    expect(await cardOf('bog').textContent()).toContain('1 page')

    await cardOf('The pond').click()
    await opened(ana.page)
    await until('both pages', async () => (await ana.page.locator('.strip .thumb').count()) === 2)
    await ana.page.getByRole('button', { name: '2 pages are not listed' }).click()
    await ana.page.getByRole('link', { name: 'frog' }).waitFor()
    expect(await seriousFindings(ana.page)).toEqual([])
    await ana.page.getByRole('button', { name: 'Add reed to the story' }).click()
    await ana.page.locator('.strip .thumb', { hasText: 'reed' }).waitFor()
    await ana.page.getByRole('button', { name: 'Close' }).click()

    await ana.page.getByRole('button', { name: 'Options of The newt' }).click()
    await ana.page.getByRole('menuitem', { name: 'Remove from the story' }).click()
    await ana.page.getByRole('button', { name: '2 pages are not listed' }).click()
    await ana.page.getByRole('link', { name: 'The newt' }).click()
    await until('the page that was removed', async () => (await textIn(ana.page)) === 'About the newt.')
    expect(pageIn(ana.page)).toBe('newt')
    await ana.page.getByRole('button', { name: '2 pages are not listed' }).click()
    await ana.page.getByRole('button', { name: 'Add all 2' }).click()
    await until('all pages', async () => (await ana.page.locator('.strip .thumb').count()) === 4)
    await until(
      'nothing unlisted',
      async () => (await ana.page.getByRole('button', { name: 'not listed' }).count()) === 0,
    )
    await lit(ana.page, 'saved')
    const { pages } = readStory(await pageAt(service.address, '/stories/pond/pages/_story'))
    expect(pages.slice(0, 2)).toEqual([
      { id: 'heron', title: 'The heron' },
      { id: 'reed', title: 'reed' },
    ])
    expect(pages.map(({ id }) => id).sort()).toEqual(['frog', 'heron', 'newt', 'reed'])

    const ben = await somebody(browser, `${service.address}/s/bog`, { name: 'Ben', device: PHONE })
    await ben.page.getByText('This story lists no pages').waitFor()
    await ben.page.getByRole('button', { name: '1 page is not listed' }).click()
    await ben.page.getByRole('button', { name: 'Add Moss. to the story' }).click()
    await ben.page.getByText('Moss.').last().waitFor()
    expect([...ana.complaints, ...ben.complaints, ...ana.faults, ...ben.faults]).toEqual([])
    await service.stop()
  })
})
