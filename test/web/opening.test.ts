/** How a story opens on a device that does not know it. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { addPage } from '../../shared/story.ts'
import { askAt, updateOf } from '../support/archive-api.ts'
import { bodyOf, chromiumPath, lit, openBrowser, opened, somebody, textIn, type } from '../support/browser.ts'
import { startService } from '../support/service.ts'
import { anyPostgres, foldOf } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'

const WORDS = 'A heron stood still.'

describe.skipIf(chromiumPath === null)('a story that is new to a device', { timeout: 120_000 }, () => {
  it('shows its first page before any socket brings it, to be written on, and calls nothing saved that is not', async () => {
    const store = await anyPostgres().open()
    const service = await startService(store.env)
    const ask = askAt(service.address)
    const story = updateOf((doc) => {
      addPage(doc, { id: 'second page', title: '' }, 0)
      addPage(doc, { id: 'first page', title: '' }, 0)
    })
    const page = updateOf((doc) => {
      const paragraph = new Y.XmlElement('paragraph')
      paragraph.insert(0, [new Y.XmlText(WORDS)])
      doc.getXmlFragment('body').insert(0, [paragraph])
    })
    for (const [name, body] of [['_story', story] as const, ['first%20page', page] as const]) {
      expect((await ask(`POST /stories/pond/pages/${name}/updates`, { body })).status).toBe(200)
    }

    const ana = await somebody(await openBrowser(), 'about:blank')
    // A socket that is never answered, as behind a slow or a hostile network.
    await ana.context.routeWebSocket(/\/collab\//, () => undefined)
    await ana.page.goto(`${service.address}/s/pond`)
    await opened(ana.page)
    expect(await textIn(ana.page)).toBe(WORDS)
    await type(ana.page, ' It waited.')
    await lit(ana.page, 'on this device')

    await ana.page.close()
    ana.page = await ana.context.newPage()
    await ana.page.routeWebSocket(/\/collab\//, (socket) => void socket.connectToServer())
    await ana.page.goto(`${service.address}/s/pond`)
    await opened(ana.page)
    expect(await textIn(ana.page)).toBe(`${WORDS} It waited.`)
    await lit(ana.page, 'saved')
    expect(bodyOf(await foldOf(store, 'pond/first page'))).toBe(`${WORDS} It waited.`)
    expect(ana.faults).toEqual([])
    await service.stop()
  })

  it('asks for a link where it is not open to whoever came, and says of nothing that it is saved', async () => {
    const service = await startService({ ...(await anyPostgres().open()).env, ...TOKEN_ENV })
    const { page } = await somebody(await openBrowser(), `${service.address}/s/pond`)
    await page.getByText('You need a link').waitFor()
    expect(await page.locator('.light').count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Share', exact: true }).count()).toBe(0)
    await page.getByLabel('Link or token').fill(await tokenOf('ana', { stories: { pond: 'write' } }))
    await page.getByRole('button', { name: 'Use this link' }).click()
    await page.getByRole('button', { name: 'Write the first page' }).click()
    await opened(page)
    await service.stop()
  })
})
