import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { call } from '../support/api.ts'
import { Client, connectClient } from '../support/client.ts'
import { metric } from '../support/metrics.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const SECRET = 'shared between the app and the service'

interface Question {
  readonly user: string | null
  readonly token: string | null
  readonly story: string | null
  readonly page: string | null
}
type Answer = { readonly status?: number; readonly body?: unknown; readonly delayMs?: number }

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

/** As docs/django.md has it: what is not signed with the secret, or not now, is not answered. */
const isSigned = (request: IncomingMessage, body: string): boolean => {
  const timestamp = String(request.headers['scriptorium-timestamp'])
  const expected = Buffer.from(`v1=${createHmac('sha256', SECRET).update(`${timestamp}.${body}`).digest('hex')}`)
  const given = Buffer.from(String(request.headers['scriptorium-signature']))
  return (
    given.length === expected.length &&
    timingSafeEqual(given, expected) &&
    Math.abs(Date.now() / 1000 - Number(timestamp)) < 60
  )
}

/** The application's backend: `decide` says what it answers. */
const backend = async (decide: (question: Question) => Answer) => {
  const asked: Question[] = []
  const state = { decide, isUnsigned: false }
  const server = createServer((request, response) => {
    void (async () => {
      const body = await bodyOf(request)
      if (!isSigned(request, body)) state.isUnsigned = true
      const question = JSON.parse(body) as Question
      asked.push(question)
      const { status = 200, body: answer = {}, delayMs = 0 } = state.decide(question)
      await new Promise((resolve) => setTimeout(resolve, delayMs))
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/scriptorium/may`
  return { state, asked, env: { AUTH_CALLBACK_URL: url, AUTH_CALLBACK_SECRET: SECRET } }
}

const start = async (env: Record<string, string>) => startService({ ...(await anyPostgres().open()).env, ...env })

const closing = async (client: Client) => {
  await until('the close', () => client.closings.length > 0)
  return client.closings.at(-1)?.code
}

/** Sessions of the app: the token is its own business. */
const sessions = (roles: Readonly<Record<string, string>>) => (question: Question) => {
  const user = question.token?.replace('session-of-', '') ?? question.user ?? ''
  if (roles[user] === undefined) return { status: 401 }
  if (question.story === null) return { body: { user, name: user.toUpperCase(), admin: user === 'boss' } }
  return { body: { user, name: '', role: roles[user] } }
}

it('the app’s own tokens are shown to its backend, which names the user and what they may do; each request is signed', async () => {
  const app = await backend(sessions({ ana: 'write', ben: 'read', cleo: 'none', boss: 'none' }))
  const service = await start(app.env)
  const ana = await connectClient(service.collab, 's/p', { token: 'session-of-ana' })
  const ben = await connectClient(service.collab, 's/p', { token: 'session-of-ben' })
  for (const client of [ana, ben]) {
    client.edit('x', (doc) => doc.getText('text').insert(0, `by ${client.token} `))
    await client.settled()
  }
  expect(ana.acknowledged.has('x')).toBe(true)
  expect(ben.refusals).toMatchObject([{ code: 'read-only' }])
  for (const [token, code] of [
    ['session-of-cleo', 4403],
    ['session-of-eve', 4401],
    ['', 4401],
  ] as const) {
    const client = new Client(service.collab, 's/p', { token })
    client.connect()
    expect([token, await closing(client)]).toEqual([token, code])
  }
  expect((await call(service.address, 'GET', '/admin/audit', { token: 'session-of-boss' })).status).toBe(200)
  expect((await call(service.address, 'GET', '/admin/audit', { token: 'session-of-ana' })).status).toBe(403)
  expect(app.state.isUnsigned).toBe(false)
})

it('beside tokens it is asked by user, and its word counts, not the token’s', async () => {
  const app = await backend(sessions({ ana: 'read' }))
  const service = await start({ ...app.env, ...TOKEN_ENV })
  const client = await connectClient(service.collab, 's/p', {
    token: await tokenOf('ana', { stories: { '*': 'manage' } }),
  })
  expect(client.states[0]?.role).toBe('read')
  expect(app.asked).toEqual([{ user: 'ana', token: null, story: 's', page: 'p' }])
})

it('many who ask the same share one request, and its answer is kept for some seconds', async () => {
  const app = await backend((question) => ({ ...sessions({ ana: 'write' })(question), delayMs: 100 }))
  const service = await start(app.env)
  const clients = await Promise.all(
    Array.from({ length: 30 }, () => connectClient(service.collab, 's/p', { token: 'session-of-ana' })),
  )
  await connectClient(service.collab, 's/p', { token: 'session-of-ana' })
  expect(clients.every(({ isSynced }) => isSynced)).toBe(true)
  expect(app.asked.length).toBe(2)
})

const NO_ANSWERS: readonly (readonly [what: string, answer: Answer])[] = [
  ['an error', { status: 500 }],
  ['a redirect', { status: 302, body: '' }],
  ['no JSON', { body: 'yes' }],
  ['a role that there is not', { body: { user: 'ana', role: 'everything' } }],
  ['a role that is true', { body: { user: 'ana', role: true } }],
  ['an admin that is a text', { body: { user: 'ana', role: 'write', admin: 'true' } }],
  ['a list', { body: ['write'] }],
  ['nothing in time', { body: { user: 'ana', role: 'write' }, delayMs: 4000 }],
]

it('whatever is no answer means "try again", never "allowed"', async () => {
  const app = await backend(() => ({}))
  const service = await start({ ...app.env, ...TOKEN_ENV })
  const token = await tokenOf('ana', { stories: { '*': 'manage' } })
  for (const [index, [what, answer]] of NO_ANSWERS.entries()) {
    app.state.decide = () => answer
    const client = new Client(service.collab, 's/p', { token })
    client.connect()
    expect([what, await closing(client)]).toEqual([what, 1013])
    expect(await metric(service.address, 'callback_failures')).toBe(index + 1)
  }
  expect(service.log()).not.toContain(SECRET)
})

it('a change of rights has it asked anew for open sockets; nothing passes until it has answered', async () => {
  const app = await backend(sessions({ ana: 'write', boss: 'none' }))
  const service = await start(app.env)
  const client = await connectClient(service.collab, 's/p', { token: 'session-of-ana' })
  app.state.decide = (question) => ({ ...sessions({ ana: 'read', boss: 'none' })(question), delayMs: 300 })
  const revoking = call(service.address, 'POST', '/admin/revoke', {
    token: 'session-of-boss',
    body: { user: 'ana', story: 's', grant: 'read' },
  })
  await until('the question', () => app.asked.length > 3)
  client.edit('meanwhile', (doc) => doc.getText('text').insert(0, 'meanwhile'))
  expect((await revoking).status).toBe(200)
  await client.settled()
  expect(client.refusals).toMatchObject([{ code: 'read-only' }])
  app.state.decide = () => ({ status: 503 })
  await call(service.address, 'POST', '/admin/revoke', { token: 'session-of-boss', body: { user: 'ana' } })
})

it('an outage while rights are asked anew closes with "try again"', async () => {
  const app = await backend(sessions({ ana: 'write' }))
  const service = await start({ ...app.env, ...TOKEN_ENV })
  const client = await connectClient(service.collab, 's/p', { token: await tokenOf('ana') })
  app.state.decide = () => ({ status: 503 })
  const boss = await tokenOf('boss', { isAdmin: true })
  await call(service.address, 'POST', '/admin/revoke', {
    token: boss,
    body: { user: 'ana', story: 's', grant: 'read' },
  })
  expect(await closing(client)).toBe(1013)
})
