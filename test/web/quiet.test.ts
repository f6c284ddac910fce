/** What the browser's console says of a first visit: nothing. */
import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { chromiumPath, lit, openBrowser, opened, type Person, PHONE, somebody, textIn } from '../support/browser.ts'
import { leaveOut } from '../support/left-out.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

/** An address at which others in the network would come. */
const inNetwork = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address

/** Opens the story of the demo from the list, and goes from page to page. */
const visit = async ({ page }: Person): Promise<void> => {
  await page.locator('.card').first().click()
  await opened(page)
  await lit(page, 'saved')
  // It begins with a picture, where no letters can be: the caret is sent to the text all the same.
  await page.getByLabel('Title of the page').press('Enter')
  await page.keyboard.type('First. ')
  await until('the words in the text', async () => (await textIn(page)).startsWith('First. '))
  await lit(page, 'saved')
  for (const link of await page.locator('.strip .thumb').all()) {
    await link.click()
    await page.locator('.thumb[aria-current]').waitFor()
    await opened(page)
    await lit(page, 'saved')
  }
}

describe.skipIf(chromiumPath === null)('a first visit', { timeout: 120_000 }, () => {
  it('is quiet in the console of the browser', async () => {
    const service = await startService({ ...(await anyPostgres().open()).env, DEMO: 'on' })
    const browser = await openBrowser()
    const ana = await somebody(browser, service.address)
    await visit(ana)
    const ben = await somebody(browser, service.address, { name: 'Ben', device: PHONE })
    await visit(ben)
    expect([...ana.complaints, ...ben.complaints]).toEqual([])
    await service.stop()
  })

  it('is quiet from elsewhere in the network, too, where the browser trusts the address less', async () => {
    if (inNetwork === undefined) return leaveOut('a visit from elsewhere in the network: this machine is in none')
    const env = { ...(await anyPostgres().open()).env, DEMO: 'on', HOST: '0.0.0.0', AUTH: 'open' }
    const service = await startService(env)
    const ana = await somebody(await openBrowser(), service.address.replace('127.0.0.1', inNetwork))
    expect(await ana.page.evaluate(() => isSecureContext)).toBe(false)
    await visit(ana)
    expect(ana.complaints).toEqual([])
    await service.stop()
  })
})
