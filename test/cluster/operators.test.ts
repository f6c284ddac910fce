/** What operators see of a page and do to it reaches every process, whichever is asked. */
import { expect, it } from 'vitest'
import { call } from '../support/api.ts'
import { type Client, connectClient } from '../support/client.ts'
import { freePort } from '../support/postgres.ts'
import { type Environment, type Service, startService } from '../support/service.ts'
import { anyPostgres, type Store } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const PAGE = 's/p'
const NODE_SECRET = 'a secret of all nodes, long enough'
const NAMES = ['ana', 'ben', 'cai']

const addressable = async (): Promise<Environment> => {
  const port = await freePort()
  return { PORT: `${port}`, NODE_URL: `http://127.0.0.1:${port}`, NODE_SECRET }
}

interface Setup {
  readonly name: string
  readonly envs: () => Promise<Environment[]>
  /** Whether a page is in one process, wherever its clients come. */
  readonly isHomed?: boolean
}

/** Three processes each. */
const SETUPS: readonly Setup[] = [
  { name: 'anonymous nodes', envs: async () => [{}, {}, {}] },
  { name: 'anonymous nodes that have no channel', envs: async () => Array(3).fill({ CHANNEL: 'memory' }) },
  {
    name: 'nodes with addresses',
    envs: () => Promise.all([addressable(), addressable(), addressable()]),
    isHomed: true,
  },
  { name: 'a service of two workers and one beside it', envs: async () => [{ WORKERS: '2' }, {}] },
]

const start = (store: Store, envs: readonly Environment[]): Promise<Service[]> =>
  Promise.all(envs.map((env) => startService({ ...store.env, ...TOKEN_ENV, ...env })))

/** Each of NAMES comes to the page by one of the services. */
const gather = async (services: readonly Service[]): Promise<Client[]> => {
  const clients: Client[] = []
  for (const [at, name] of NAMES.entries()) {
    const { collab } = services[at % services.length] as Service
    clients.push(await connectClient(collab, PAGE, { token: await tokenOf(name, { stories: { s: 'write' } }) }))
  }
  clients[0]?.edit('words', (doc) => doc.getText('t').insert(0, 'here'))
  return clients
}

const named = ({ people }: { people: { user: string }[] }) => people.map(({ user }) => user).sort()

/** Sees the page and closes it at each of the services of a set-up. */
const operate = async ({ name, envs, isHomed }: Setup): Promise<void> => {
  const services = await start(await anyPostgres().open(), await envs())
  const clients = await gather(services)
  const token = await tokenOf('boss', { isAdmin: true })
  const ask = (method: string, path: string) =>
    Promise.all(services.map(({ address }) => call(address, method, `/admin/rooms${path}`, { token })))
  await until(`all to be on the page of ${name}, and no node to send anybody to another`, async () => {
    for (const client of clients) if (client.closings.splice(0).length > 0) client.connect()
    const told = await ask('GET', `/${PAGE}`)
    const areAll = told.every(({ body }) => body.open?.members === NAMES.length)
    return areAll && (!isHomed || told.some(({ body }) => body.elsewhere === 0))
  })
  await clients[0]?.settled()
  for (const { body } of await ask('GET', `/${PAGE}`)) {
    expect([named(body), body.open.members, body.silent], name).toEqual([NAMES, NAMES.length, 0])
  }
  for (const { body } of await ask('GET', '')) {
    const rooms = [{ story: 's', page: 'p', members: NAMES.length }]
    expect(body, name).toMatchObject({ rooms, open: 1, silent: 0 })
  }
  for (const { address } of services) {
    const { body } = await call(address, 'POST', `/admin/rooms/${PAGE}/close`, { token })
    expect(body, name).toEqual({ story: 's', page: 'p', closed: NAMES.length, silent: 0 })
    await until('all to be sent away', () => clients.every(({ closings }) => closings.at(-1)?.code === 1012))
    for (const client of clients) {
      client.connect()
      await client.synced()
      client.closings.length = 0
    }
  }
  for (const client of clients) client.disconnect()
  await Promise.all(services.map((service) => service.stop()))
}

it(`of ${SETUPS.map(({ name }) => name).join('; of ')}: whichever is asked`, { timeout: 120_000 }, async () => {
  await Promise.all(SETUPS.map(operate))
})

it('of processes one of which hangs: the answer says so, and what was asked of it is not done later', async () => {
  const store = await anyPostgres().open()
  const services = await start(store, [{}, {}, {}])
  const clients = await gather(services)
  await clients[0]?.settled()
  const [asked, hanging] = services as [Service, Service, Service]
  const token = await tokenOf('boss', { isAdmin: true })
  hanging.signal('SIGSTOP')
  const seen = await call(asked.address, 'GET', `/admin/rooms/${PAGE}`, { token })
  expect([named(seen.body), seen.body.silent]).toEqual([['ana', 'cai'], 1])
  const closed = await call(asked.address, 'POST', `/admin/rooms/${PAGE}/close`, { token })
  expect([closed.body.closed, closed.body.silent]).toEqual([2, 1])
  hanging.signal('SIGCONT')
  await until('it to answer again', async () => {
    const { body } = await call(asked.address, 'GET', `/admin/rooms/${PAGE}`, { token })
    return body.silent === 0 && String(named(body)) === 'ben'
  })
  expect(clients.map(({ closings }) => closings.length)).toEqual([1, 0, 1])
  expect(
    await store.query('SELECT id FROM scriptorium.question UNION ALL SELECT id FROM scriptorium.question_answer'),
  ).toEqual([])
  for (const client of clients) client.disconnect()
  await Promise.all(services.map((service) => service.stop()))
})
