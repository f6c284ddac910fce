/** Rights that change while somebody writes: the words stay, and the page says why. */
import { readFileSync } from 'node:fs'
import type { Download } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { call } from '../support/api.ts'
import {
  bodyOf,
  chromiumPath,
  lightOf,
  lit,
  openBrowser,
  opened,
  pageIn,
  somebody,
  textIn,
  type,
} from '../support/browser.ts'
import { leaveOut } from '../support/left-out.ts'
import { startService } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { anyPostgres, foldOf } from '../support/stores.ts'
import { seconds, TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

if (!isFull) leaveOut('rights that change in an open browser: npm run test:full')

const textOf = async (download: Download): Promise<string> => readFileSync(await download.path(), 'utf8')

const isEditable = (page: { locator(name: string): { getAttribute(name: string): Promise<string | null> } }) =>
  page.locator('.tiptap').getAttribute('contenteditable')

describe.skipIf(chromiumPath === null || !isFull)('whoever may not write', { timeout: 180_000 }, () => {
  it('sees why, keeps what they wrote, and goes on when they may again', async () => {
    const store = await anyPostgres().open()
    const service = await startService({ ...store.env, ...TOKEN_ENV })
    const admin = await tokenOf('boss', { isAdmin: true })
    const browser = await openBrowser()
    const url = `${service.address}/s/s1`

    const barred = await somebody(browser, service.address)
    await barred.page.getByText('You need a link').waitFor()

    const maya = await somebody(
      browser,
      `${url}#${new URLSearchParams({ new: 'S', token: await tokenOf('maya', { name: 'Maya', stories: { s1: 'manage' } }) })}`,
    )
    await opened(maya.page)
    expect(maya.page.url()).not.toContain('token')
    await type(maya.page, 'Maya began.')
    await lit(maya.page, 'saved')
    const room = `s1/${pageIn(maya.page)}`
    const inDatabase = async () => bodyOf(await foldOf(store, room))

    const rita = await somebody(browser, url, { token: await tokenOf('rita', { stories: { s1: 'read' } }) })
    await opened(rita.page)
    await rita.page.getByText('You can read this page, but not write on it').waitFor()
    expect(await isEditable(rita.page)).toBe('false')

    const will = await somebody(browser, url, { token: await tokenOf('will', { stories: { s1: 'write' } }) })
    await opened(will.page)
    await type(will.page, ' Will too.')

    await maya.page.getByRole('button', { name: 'Share' }).click()
    await maya.page.getByLabel('Who is invited?').fill('Gus')
    await maya.page.getByRole('button', { name: 'Make a link' }).click()
    await maya.page.getByRole('img', { name: 'QR code of the link' }).waitFor()
    const link = await maya.page.getByRole('textbox', { name: 'Share' }).inputValue()
    await maya.page.getByRole('button', { name: 'Close' }).click()
    const gus = await somebody(browser, link)
    await opened(gus.page)
    await type(gus.page, ' Gus came.')
    await lit(gus.page, 'saved')
    await until('the name of the guest', async () =>
      (await maya.page.locator('.caret-name').allTextContents()).includes('Gus'),
    )

    await until('Will’s words', async () => (await textIn(rita.page)).includes('Will too.'))

    await maya.page.getByRole('button', { name: 'More' }).click()
    await maya.page.getByRole('menuitem', { name: 'Freeze this page' }).click()
    await will.page.getByText('this page is frozen').waitFor()
    expect(await isEditable(will.page)).toBe('false')
    await type(maya.page, ' Frozen.')
    await until('a manager to write on', async () => (await inDatabase()).includes('Frozen.'))
    await maya.page.getByRole('button', { name: 'More' }).click()
    await maya.page.getByRole('menuitem', { name: 'Let others write again' }).click()
    await until('the page to thaw', async () => (await isEditable(will.page)) === 'true')
    await type(will.page, ' Thawed.')
    await until('Will to write again', async () => (await inDatabase()).includes('Thawed.'))

    const typing = type(will.page, ' these words were typed while everything was revoked')
    const revoked = await call(service.address, 'POST', '/admin/revoke', { token: admin, body: { user: 'will' } })
    expect(revoked.status).toBe(200)
    await typing
    await will.page.getByText('Your link does not open this any more').waitFor()
    const kept = await textIn(will.page)
    expect(kept).toContain('these words were typed while everything was revoked')
    expect(await lightOf(will.page)).toBe('on this device')
    expect((await inDatabase()).length).toBeLessThan(kept.length)

    const fresh = await tokenOf('will', { stories: { s1: 'write' }, now: seconds() + 2 })
    await will.page.getByLabel('Link or token').fill(`${url}#token=${fresh}`)
    await will.page.getByRole('button', { name: 'Use this link' }).click()
    await lit(will.page, 'saved')
    expect(await inDatabase()).toBe(await textIn(will.page))
    for (const { faults } of [maya, rita, will]) expect(faults).toEqual([])
    await service.stop()
  })

  it('sees what the service does not take, keeps a copy of it, and drops it', async () => {
    const store = await anyPostgres().open()
    const service = await startService({ ...store.env, MAX_UPDATE_BYTES: '4000' })
    const browser = await openBrowser()
    const ana = await somebody(browser, `${service.address}/s/s3#new=S`)
    await opened(ana.page)
    await type(ana.page, 'Short.')
    await lit(ana.page, 'saved')
    await ana.page.keyboard.insertText(' long'.repeat(2000))
    await ana.page.getByText('Not taken').waitFor()
    expect(await lightOf(ana.page)).toBe('on this device')
    const [download] = await Promise.all([
      ana.page.waitForEvent('download'),
      ana.page.getByRole('button', { name: 'Keep a copy' }).click(),
    ])
    expect(await textOf(download)).toContain('Short. long long')
    ana.page.on('dialog', (dialog) => void dialog.accept())
    await ana.page.getByRole('button', { name: 'Drop it' }).click()
    await until('the page as the service has it', async () => (await textIn(ana.page)) === 'Short.')
    await lit(ana.page, 'saved')
    await type(ana.page, ' Again.')
    await lit(ana.page, 'saved')
    expect(bodyOf(await foldOf(store, `s3/${pageIn(ana.page)}`))).toBe('Short. Again.')
    await service.stop()
  })

  it('may leave a tab open until the token has ended, and loses nothing', async () => {
    const store = await anyPostgres().open()
    const service = await startService({ ...store.env, ...TOKEN_ENV })
    const browser = await openBrowser()
    const url = `${service.address}/s/s2`
    const stories = { s2: 'manage' } as const
    // A service’s clock may be half a minute late: so long is a token taken after its end.
    const brief = await tokenOf('nell', { stories, now: seconds() - 40, ttl: 20 })
    const nell = await somebody(browser, `${url}#${new URLSearchParams({ new: 'S', token: brief })}`)
    await opened(nell.page)
    await type(nell.page, 'In time.')
    await lit(nell.page, 'saved')
    await nell.page.getByText('Your link does not open this any more').waitFor()
    await type(nell.page, ' Too late.')
    expect(await lightOf(nell.page)).toBe('on this device')
    await nell.page.reload()
    await opened(nell.page)
    await until('the words to be there', async () => (await textIn(nell.page)) === 'In time. Too late.')
    await nell.page.getByLabel('Link or token').fill(await tokenOf('nell', { stories }))
    await nell.page.getByRole('button', { name: 'Use this link' }).click()
    await lit(nell.page, 'saved')
    expect(bodyOf(await foldOf(store, `s2/${pageIn(nell.page)}`))).toBe('In time. Too late.')
    await service.stop()
  })
})
