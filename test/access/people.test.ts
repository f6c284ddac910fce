import { describe, expect, it } from 'vitest'
import { call } from '../support/api.ts'
import { type Client, connectClient } from '../support/client.ts'
import { startService } from '../support/service.ts'
import { mainStores } from '../support/sized-stores.ts'
import { anyPostgres } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const write = async (client: Client, words: string): Promise<void> => {
  client.edit(words, (doc) => doc.getText('text').insert(0, words))
  await client.settled()
}

describe.each(mainStores)('forgetting a person, on $name,', ({ open }) => {
  it('puts an opaque id in the place of theirs everywhere; their text stays, their tokens end', async () => {
    const store = await open()
    const service = await startService({ ...store.env, ...TOKEN_ENV })
    const admin = await tokenOf('boss', { isAdmin: true })
    const stories = { s: 'manage' as const }
    const ana = await connectClient(service.collab, 's/p', { token: await tokenOf('ana', { stories }) })
    const ben = await connectClient(service.collab, 's/p', { token: await tokenOf('ben', { stories }) })
    await write(ana, 'written by one who leaves ')
    await write(ben, 'by another ')
    await call(service.address, 'PUT', '/stories/s/freeze', { token: await tokenOf('ana', { stories }) })
    await call(service.address, 'DELETE', '/stories/s/freeze', { token: admin })
    const { status, body } = await call(service.address, 'POST', '/admin/forget', {
      token: admin,
      body: { user: 'ana' },
    })
    expect([status, body.user, body.replaced > 0]).toEqual([
      200,
      expect.stringMatching(/^forgotten-[0-9a-f-]{36}$/),
      true,
    ])
    await until('her socket to be closed', () => ana.closings.length > 0)
    expect(ana.closings[0]?.code).toBe(4401)
    expect(ben.doc.getText('text').toString()).toContain('written by one who leaves')
    const { body: audit } = await call(service.address, 'GET', '/admin/audit', { token: admin })
    expect(JSON.stringify(audit)).not.toContain('"ana"')
    expect(audit.acts).toMatchObject([
      { act: 'POST /api/v1/admin/forget', author: 'boss', about: body.user },
      { act: 'DELETE /api/v1/stories/:story/freeze', author: 'boss', story: 's', page: null },
      { act: 'PUT /api/v1/stories/:story/freeze', author: body.user, story: 's' },
    ])
    await service.stop()
    const authors = await store.query<{ author: string }>(
      'SELECT DISTINCT author FROM scriptorium.update ORDER BY author',
    )
    expect(authors.map(({ author }) => author)).toEqual(['ben', body.user])
    const rows = await store.query<{ found: number }>(
      `SELECT count(*)::int AS found FROM scriptorium.grant_change WHERE subject = 'ana'`,
    )
    expect(rows[0]?.found).toBe(0)
  })
})

it('every column that names a person is called author, via or about: forgetting looks for those', async () => {
  const store = await anyPostgres().open()
  const service = await startService(store.env)
  const columns = await store.query<{ name: string }>(
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
     WHERE table_schema = 'scriptorium' AND data_type = 'text' ORDER BY 1`,
  )
  await service.stop()
  const suspects = columns.map(({ name }) => name).filter((name) => /user|person|owner|who|_by$|member/.test(name))
  expect(suspects).toEqual([])
})
