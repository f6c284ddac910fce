/** Inviting somebody to a story: a token that names them, for as long and as much as a manager says. */
import { describe, expect, it } from 'vitest'
import { call } from '../support/api.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'

describe('an invitation', () => {
  it('is signed for managers of the story alone, opens that story alone, and is written down', async () => {
    const service = await startService({ ...(await anyPostgres().open()).env, ...TOKEN_ENV })
    const manager = await tokenOf('maya', { stories: { s1: 'manage', s2: 'write' } })
    const invite = (story: string, body: unknown, token = manager) =>
      call(service.address, 'POST', `/stories/${story}/invitations`, { token, body })
    const { status, body } = await invite('s1', { name: 'Gus', grant: 'write', days: 2 })
    expect([status, Math.round((Date.parse(body.expires) - Date.now()) / 86_400_000)]).toEqual([201, 2])
    const page = (story: string) =>
      call(service.address, 'PUT', `/stories/${story}/freeze`, { token: body.token }).then((answer) => answer.status)
    expect([await page('s1'), await page('s2')]).toEqual([403, 404])
    const read = await call(service.address, 'POST', '/stories/s1/sync', { token: body.token, body: { pages: {} } })
    expect(read.status).toBe(200)
    expect((await invite('s2', { name: 'Gus' })).status).toBe(403)
    expect((await invite('s1', { name: 'Gus' }, body.token)).status).toBe(403)
    for (const wrong of [{}, { name: 'Gus', grant: 'manage' }, { name: 'Gus', days: 31 }, { name: 'Gus', days: '7' }]) {
      expect((await invite('s1', wrong)).status).toBe(400)
    }
    const admin = await tokenOf('boss', { isAdmin: true })
    const { body: audit } = await call(service.address, 'GET', '/admin/audit', { token: admin })
    expect(audit.acts).toMatchObject([
      { author: 'maya', act: 'POST /api/v1/stories/:story/invitations', story: 's1', about: body.user },
    ])
    await service.stop()
  })

  it('is not made where nothing is signed', async () => {
    const service = await startService((await anyPostgres().open()).env)
    const answer = await call(service.address, 'POST', '/stories/s1/invitations', { body: { name: 'Gus' } })
    expect(answer.status).toBe(409)
    await service.stop()
  })
})
