/** The console in a real browser: figures, a slow reader, acts that ask first, a compaction from its start to its report. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { call } from '../support/api.ts'
import { chromiumPath, openBrowser, PHONE, seriousFindings, somebody, WITHOUT_BROWSER } from '../support/browser.ts'
import { connectClient } from '../support/client.ts'
import { leaveOut } from '../support/left-out.ts'
import { rawSocket } from '../support/raw-socket.ts'
import { AT_FULL_SPEED, startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

if (chromiumPath === null) leaveOut(`the console in a browser: ${WITHOUT_BROWSER}`)

describe.skipIf(chromiumPath === null)('the console', { timeout: 120_000 }, () => {
  it('lets an operator in, shows who reads too slowly, freezes a page, and watches a compaction to its report', async () => {
    const store = await anyPostgres().open()
    const service = await startService({ ...store.env, ...AT_FULL_SPEED, ...TOKEN_ENV })
    onTestFinished(() => service.stop())
    const token = await tokenOf('ana', { stories: { '*': 'write' }, name: 'Ana' })
    const ana = await connectClient(service.collab, 's1/p1', { token })
    const slow = await rawSocket(service.address, `/collab/s1/p1?token=${token}`)
    slow.net.pause()
    for (let i = 0; i < 20; i++) ana.edit('much', (doc) => doc.getText('t').insert(0, `${i}`.repeat(450_000)))
    await ana.settled()

    const browser = await openBrowser()
    const { page, faults } = await somebody(browser, `${service.address}/admin`)
    await page.getByLabel('Token').fill(token)
    await page.getByRole('button', { name: 'Enter' }).click()
    await page.getByRole('alert').filter({ hasText: 'operators' }).waitFor()
    await page.getByLabel('Token').fill(await tokenOf('op', { isAdmin: true }))
    await page.getByRole('button', { name: 'Enter' }).click()
    await page.getByText('1 reader does not keep up').waitFor()
    const idle = await connectClient(service.collab, 's2/p2', { token })
    idle.edit('once', (doc) => doc.getText('t').insert(0, 'once'))
    await idle.settled()
    idle.disconnect()
    await page.getByRole('img', { name: /People and pages: people 2, open pages 1/ }).waitFor()
    await page.getByRole('link', { name: 'Pages' }).click()
    await page.getByText('1 open page, 2 in memory').waitFor()
    await page.getByRole('row', { name: 's2/p2 nobody' }).waitFor()
    await page.getByRole('link', { name: 'Processes' }).click()
    await page.locator('.facts div', { hasText: 'Pages in memory' }).getByText('2', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'At a glance' }).click()
    expect(await seriousFindings(page)).toEqual([])

    await page.getByRole('link', { name: 's1/p1' }).click()
    await page.getByText('slow reader', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Freeze' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Nobody but managers can write on it').waitFor()
    await dialog.getByLabel('Reason').fill('counting the words')
    await dialog.getByRole('button', { name: 'Freeze it' }).click()
    await until('the client to be told', () => ana.states.at(-1)?.frozen === true)
    await page.getByText('Frozen: counting the words').waitFor()
    await page.getByRole('button', { name: 'Check' }).click()
    await dialog.getByRole('button', { name: 'Check it' }).click()
    await page.getByText('The page loads, and agrees with its history.').waitFor()
    await page.getByText('as the page is now').waitFor()
    const written = page.locator('.past').first()
    const ways = await written.getByRole('button', { name: /^Put back to the state/ }).count()
    expect(ways, 'all but the newest').toBe((await written.getByRole('listitem').count()) - 1)
    await page.getByRole('button', { name: 'Close sockets' }).click()
    await dialog.getByRole('button', { name: 'Close them' }).click()
    await until('the socket to be closed', () => ana.closings.at(-1)?.code === 1012)
    slow.net.destroy()
    expect(await seriousFindings(page)).toEqual([])

    await page.getByRole('link', { name: 'Compaction' }).click()
    await page.getByLabel('Rehearse only').uncheck()
    await page.getByRole('button', { name: 'Compact …' }).click()
    await dialog.getByText('Pages stay open').waitFor()
    await dialog.getByRole('button', { name: 'Start the compaction' }).click()
    await page.getByText('2 of 2 pages were compacted').waitFor()
    const [room] = await store.query<{ tail: number }>('SELECT (seq - snapshot_seq)::int AS tail FROM scriptorium.room')
    expect(room?.tail).toBe(0)
    expect(await seriousFindings(page)).toEqual([])

    const op = await tokenOf('op', { isAdmin: true })
    await call(service.address, 'POST', '/admin/import', { token: op, body: { files: {}, story: 's9', dryRun: true } })
    await page.getByRole('link', { name: 'Audit' }).click()
    await page.getByText('op froze s1/p1').waitFor()
    const deeds = await page.locator('.deed').allInnerTexts()
    expect(deeds.map((deed) => deed.replace(/\s+/g, ' '))).toEqual([
      expect.stringContaining(
        'op asked for an import of s9 (a rehearsal: nothing was changed) refused there is no manifest.json',
      ),
      expect.stringContaining('op ran a compaction of every page'),
      expect.stringContaining('op closed the sockets of s1/p1 (2 sockets)'),
      expect.stringContaining('op ran a check of s1/p1'),
      expect.stringContaining('op froze s1/p1 (reason: counting the words)'),
    ])
    expect(faults, 'the content-security policy holds').toEqual([])

    const phone = await somebody(browser, `${service.address}/admin`, { device: PHONE })
    await phone.page.getByLabel('Token').fill(await tokenOf('op', { isAdmin: true }))
    await phone.page.getByRole('button', { name: 'Enter' }).click()
    for (const part of ['At a glance', 'Pages', 'Compaction', 'People', 'Processes', 'Audit']) {
      await phone.page.getByRole('link', { name: part }).click()
      await phone.page.getByRole('heading', { level: 2, name: part }).waitFor()
      expect([part, await phone.page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([part, 360])
    }
    expect(await seriousFindings(phone.page)).toEqual([])
    expect(phone.faults).toEqual([])
  })
})
