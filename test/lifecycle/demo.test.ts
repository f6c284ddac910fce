/** What an empty database of open mode begins with. */
import { expect, it, onTestFinished } from 'vitest'
import { askAt } from '../support/archive-api.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { TOKEN_ENV } from '../support/tokens.ts'

it('two that start at once write the first story once, and whoever deletes it does not meet it again', async () => {
  const { env } = await anyPostgres().open()
  const on = { ...env, DEMO: 'on' }
  const [one, two] = await Promise.all([startService(on), startService(on)])
  const ask = askAt(one.address)
  const { stories } = (await ask('GET /stories')).body
  expect(stories).toMatchObject([{ title: 'The Green Lamp', pages: 4, cover: expect.stringMatching(/^[0-9a-f]{64}$/) }])
  const { story, cover } = stories[0]
  expect((await ask(`GET /stories/${story}/assets/${cover}`)).type).toBe('image/png')
  const sheets = (await ask(`GET /stories/${story}/export?format=html`)).body as string
  expect(sheets.match(/<img /g)).toHaveLength(5)
  expect(sheets).toContain('<strong>Then we keep it still.</strong>')
  for (const page of (await ask(`GET /stories/${story}`)).body.pages) {
    await ask(`DELETE /stories/${story}/pages/${page.id}?hard=true`)
  }
  await one.stop()
  await two.stop()
  const again = await startService(on)
  onTestFinished(() => again.stop())
  expect((await askAt(again.address)('GET /stories')).body.stories).toEqual([])
})

it('nothing is written where tokens are asked for', async () => {
  const store = await anyPostgres().open()
  const closed = await startService({ ...store.env, ...TOKEN_ENV, DEMO: 'on' })
  expect(await store.query('SELECT room_id FROM scriptorium.room')).toEqual([])
  await closed.stop()
})
