/** The service dies, and pages go back in time, under people who go on typing. */
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  bodyOf,
  chromiumPath,
  lightOf,
  lit,
  openBrowser,
  opened,
  PHONE,
  pageIn,
  somebody,
  textIn,
  type,
} from '../support/browser.ts'
import { leaveOut } from '../support/left-out.ts'
import { createPostgres, freePort } from '../support/postgres.ts'
import { startService } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { foldOf, postgresStoreAt } from '../support/stores.ts'
import { until } from '../support/until.ts'

if (!isFull) leaveOut('kill -9 and restore under three open browsers: npm run test:full')

describe.skipIf(chromiumPath === null || !isFull)('three people who type', { timeout: 240_000 }, () => {
  it('keep every word when the service is killed and PostgreSQL too, and see a light that is true before and after', async () => {
    const postgres = await createPostgres()
    onTestFinished(postgres.remove)
    const store = postgresStoreAt(postgres.url)
    const env = { ...store.env, PORT: String(await freePort()) }
    let service = await startService(env)
    const browser = await openBrowser()
    const url = `${service.address}/s/storm`
    const ana = await somebody(browser, `${url}#new=Storm`, { name: 'Ana' })
    await opened(ana.page)
    await type(ana.page, 'Start.')
    await lit(ana.page, 'saved')
    const room = `storm/${pageIn(ana.page)}`
    const ben = await somebody(browser, url, { name: 'Ben' })
    const cleo = await somebody(browser, url, { name: 'Cleo', device: PHONE })
    const people = [ana, ben, cleo]
    await Promise.all(people.map(({ page }) => opened(page)))

    for (let round = 0; round < 2; round++) {
      const words = people.map((_, at) => ` round${round}person${at}of3 `)
      const typing = people.map(({ page }, at) => type(page, words[at] as string))
      await service.kill('SIGKILL')
      await Promise.all(typing)
      await type(ana.page, ` dark${round} `)
      await lit(ana.page, 'on this device')
      await ana.page.getByText('every word is kept on this device').waitFor()
      expect(await textIn(ana.page)).toContain(`dark${round}`)
      expect(bodyOf(await foldOf(store, room))).not.toContain(`dark${round}`)
      service = await startService(env)
      await Promise.all(people.map(({ page }) => lit(page, 'saved')))
    }

    await postgres.kill()
    await type(ana.page, ' nodatabase ')
    await until('the others to see it all the same', async () => (await textIn(ben.page)).includes('nodatabase'))
    expect(await lightOf(ana.page)).not.toBe('saved')
    await postgres.start()
    await Promise.all(people.map(({ page }) => lit(page, 'saved')))
    expect(bodyOf(await foldOf(store, room))).toContain('nodatabase')

    await until('all to see the same', async () => {
      const texts = await Promise.all(people.map(({ page }) => textIn(page)))
      return texts.every((text) => text === texts[0]) && texts[0]?.includes('dark1')
    })
    const text = await textIn(ana.page)
    const letters = (from: string) => [...from.replace(/\s/g, '')].sort().join('')
    const all = [
      'Start.',
      'nodatabase',
      ...[0, 1].flatMap((round) => [`dark${round}`, ...[0, 1, 2].map((at) => `round${round}person${at}of3`)]),
    ]
    // Typed at one place at once: words are mixed, letters are all there.
    expect(letters(text)).toBe(letters(all.join('')))
    expect(bodyOf(await foldOf(store, room))).toBe(text)
    expect(people.flatMap(({ faults }) => faults)).toEqual([])

    await ben.page.getByRole('button', { name: 'History' }).click()
    await ben.page.waitForSelector('.slider')
    await ben.page.getByLabel('Name of this version').fill('After the storm')
    await ben.page.getByRole('button', { name: 'Name the page as it is now' }).click()
    await ben.page.getByRole('button', { name: 'After the storm' }).waitFor()
    await type(ana.page, 'Later words.')
    await lit(ana.page, 'saved')
    await ben.page.getByRole('button', { name: 'After the storm' }).click()
    const typing = type(cleo.page, ' typed across the restore ')
    await ben.page.getByRole('button', { name: 'Put the page back to this' }).click()
    await typing
    await ben.page.getByText('The page is as it was then').waitFor()
    await until('the page to be put back for all', async () => {
      const texts = await Promise.all([textIn(ana.page), textIn(cleo.page)])
      return texts.every((each) => each === texts[0] && !each.includes('Later words.'))
    })
    await Promise.all([ana, cleo].map(({ page }) => lit(page, 'saved')))
    expect(bodyOf(await foldOf(store, room))).toBe(await textIn(ana.page))
    expect(await lightOf(cleo.page)).toBe('saved')

    await ben.page
      .getByRole('button', { name: /Undo Ana’s changes of today/ })
      .first()
      .click()
    await ben.page
      .getByRole('dialog')
      .getByText(/^“.*Start\..*” goes$/)
      .waitFor()
    await ben.page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click()
    await until('Ana’s words to go', async () => !(await textIn(cleo.page)).includes('Start.'))
    await ben.page.getByRole('button', { name: 'Copy this as a new page' }).click()
    await until('the copy', () => !room.endsWith(pageIn(ben.page)))
    await opened(ben.page)
    await service.stop()
  })
})
