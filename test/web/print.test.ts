/** Pages to print, where a token is needed that no address may hold. */
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  addPicture,
  chromiumPath,
  lit,
  openBrowser,
  opened,
  somebody,
  type,
  WITHOUT_BROWSER,
} from '../support/browser.ts'
import { leaveOut } from '../support/left-out.ts'
import { pngOf } from '../support/pictures.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'

if (chromiumPath === null) leaveOut(`printing from a browser: ${WITHOUT_BROWSER}`)

describe.skipIf(chromiumPath === null)('a story to print', { timeout: 120_000 }, () => {
  it('is shown in a window of its own with its pictures and styles, and the print dialogue opens', async () => {
    const service = await startService({ ...(await anyPostgres().open()).env, ...TOKEN_ENV })
    onTestFinished(() => service.stop())
    const browser = await openBrowser()
    const token = await tokenOf('maya', { stories: { s1: 'manage' } })
    const { context, page, faults } = await somebody(browser, `${service.address}/s/s1#new=The+fox&token=${token}`)
    await context.addInitScript(() => {
      window.print = () => {
        document.documentElement.dataset.printed = 'yes'
      }
    })
    await opened(page)
    await type(page, 'A fox counted stars.')
    await addPicture(page, pngOf(90))
    await page.waitForSelector('.picture img[src^=blob]')
    await lit(page, 'saved')

    await page.getByRole('button', { name: 'More' }).click()
    const [sheets] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('menuitem', { name: 'Pages to print' }).click(),
    ])
    await sheets.waitForSelector('html[data-printed=yes]')
    expect(await sheets.title()).toBe('The fox')
    expect(sheets.url()).toBe('about:blank')
    expect(await sheets.locator('section').textContent()).toContain('A fox counted stars.')
    const shown = await sheets.evaluate(() => ({
      pictures: [...document.images].map(({ naturalWidth }) => naturalWidth),
      letters: getComputedStyle(document.body).fontFamily,
    }))
    expect(shown).toEqual({ pictures: [1, 1], letters: expect.stringContaining('Georgia') })
    expect(faults, 'the content-security policy holds').toEqual([])
  })
})
