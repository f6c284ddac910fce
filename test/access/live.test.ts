import { expect, it } from 'vitest'
import { call } from '../support/api.ts'
import { Client, connectClient } from '../support/client.ts'
import { type Service, startService } from '../support/service.ts'
import { readAfresh, stockClient } from '../support/stock.ts'
import { anyPostgres, type Store } from '../support/stores.ts'
import { seconds, TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const ROOM = 's1/p1'

interface Pair {
  readonly store: Store
  readonly one: Service
  readonly other: Service
  readonly admin: string
}

/** Two processes on one PostgreSQL. */
const pair = async (): Promise<Pair> => {
  const store = await anyPostgres().open()
  const env = { ...store.env, ...TOKEN_ENV }
  const [one, other] = await Promise.all([startService(env), startService(env)])
  return { store, one, other, admin: await tokenOf('boss', { isAdmin: true }) }
}

const write = (client: Client, words: string): void =>
  client.edit(words, (doc) => doc.getText('text').insert(0, `${words} `))

const textAt = async ({ collab }: Service, token: string): Promise<string> => {
  const client = stockClient(collab, ROOM, { params: { token } })
  await client.synced()
  client.destroy()
  return client.doc.getText('text').toString()
}

const closing = async (client: Client): Promise<{ code: number; text: string }> => {
  await until('the close', () => client.closings.length > 0)
  const { code, reason } = client.closings.at(-1) as { code: number; reason: string }
  return { code, text: JSON.parse(reason).text }
}

/** Types on and on; `stop` gives how often. */
const typing = (client: Client, prefix: string) => {
  let n = 0
  const timer = setInterval(() => write(client, `${prefix}${n++}`), 2)
  return () => {
    clearInterval(timer)
    return n
  }
}

it('a revocation at one process closes the sockets of both, and no write passes after the answer', async () => {
  const { store, one, other, admin } = await pair()
  const stories = { s1: 'write' as const }
  const [ana, ben] = [await tokenOf('ana', { stories }), await tokenOf('ben', { stories })]
  const near = await connectClient(one.collab, ROOM, { token: ana })
  const far = await connectClient(other.collab, ROOM, { token: ana })
  const witness = await connectClient(other.collab, ROOM, { token: ben })
  const [stopNear, stopFar] = [typing(near, 'near'), typing(far, 'far')]
  await until('some typing', () => near.acknowledged.size > 20 && far.acknowledged.size > 20)
  const began = performance.now()
  const answer = await call(one.address, 'POST', '/admin/revoke', { token: admin, body: { user: 'ana' } })
  const took = performance.now() - began
  expect(answer).toMatchObject({ status: 200, body: { user: 'ana', grant: 'none', silent: 0 } })
  expect(took).toBeLessThan(5000)
  for (const client of [near, far])
    expect(await closing(client)).toMatchObject({ code: 4401, text: 'the token was revoked' })
  const [after] = await store.query<{ seq: number }>('SELECT max(seq)::int AS seq FROM scriptorium.update')
  const rows = async () =>
    store.query(`SELECT seq FROM scriptorium.update WHERE author = 'ana' AND seq > $1`, [after?.seq])
  stopNear()
  stopFar()
  write(witness, 'undisturbed')
  await witness.settled()
  expect(await rows()).toEqual([])
  expect(witness.closings).toEqual([])
  for (const { collab } of [one, other]) {
    const again = new Client(collab, ROOM, { token: ana })
    again.connect()
    expect(await closing(again)).toMatchObject({ code: 4401 })
  }
  const fresh = await tokenOf('ana', { stories, now: seconds() + 2 })
  expect(await textAt(other, fresh)).toContain('undisturbed')
})

it('a downgrade to read, and back, is felt on the open socket: nothing passes meanwhile, and what was held comes after', async () => {
  const { one, other, admin } = await pair()
  const stories = { s1: 'write' as const }
  const ana = await connectClient(other.collab, ROOM, { token: await tokenOf('ana', { stories }) })
  const ben = await tokenOf('ben', { stories })
  const stock = stockClient(other.collab, ROOM, { params: { token: await tokenOf('cleo', { stories }) } })
  await stock.synced()
  write(ana, 'before')
  await ana.settled()
  for (const user of ['ana', 'cleo']) {
    const body = { user, story: 's1', grant: 'read' }
    expect(await call(one.address, 'POST', '/admin/revoke', { token: admin, body })).toMatchObject({ status: 200 })
  }
  expect(ana.states.at(-1)).toMatchObject({ role: 'read', frozen: false, reason: expect.stringContaining('read') })
  write(ana, 'held')
  stock.doc.getText('text').insert(0, 'stock ')
  await ana.settled()
  expect(ana.refusals.at(-1)).toMatchObject({ code: 'read-only' })
  expect(await textAt(other, ben)).toBe('before ')
  expect(stock.socket?.readyState).toBe(1)
  for (const user of ['ana', 'cleo']) {
    const body = { user, story: 's1', page: 'p1', grant: 'write' }
    await call(one.address, 'POST', '/admin/revoke', { token: admin, body })
  }
  await until('what was held to come in', async () => {
    const text = await textAt(one, ben)
    return text.includes('held') && text.includes('stock')
  })
  expect(ana.closings).toEqual([])
  expect(ana.acknowledged.has('held')).toBe(true)
})

it('a frozen page is read-only for all but its managers on both processes, says why, and is thawed live', async () => {
  const { one, other } = await pair()
  const writer = await tokenOf('ana', { stories: { s1: 'write' } })
  const manager = await tokenOf('mia', { stories: { s1: 'manage' } })
  const ana = await connectClient(other.collab, ROOM, { token: writer })
  const mia = await connectClient(other.collab, ROOM, { token: manager })
  for (const path of ['/stories/s1/pages/p1/freeze', '/stories/s1/freeze']) {
    const body = { reason: 'judged tonight' }
    expect(await call(one.address, 'PUT', path, { token: writer, body })).toMatchObject({ status: 403 })
    expect(await call(one.address, 'PUT', path, { token: manager, body })).toMatchObject({
      status: 200,
      body: { silent: 0 },
    })
    expect(ana.states.at(-1)).toMatchObject({ role: 'write', frozen: true, reason: 'judged tonight' })
    expect(mia.states.at(-1)).toMatchObject({ role: 'manage', frozen: true })
    const words = `held by ${path}`
    write(ana, words)
    await ana.settled()
    expect(ana.refusals.at(-1)).toMatchObject({ code: 'frozen', reason: 'judged tonight' })
    write(mia, `managed ${path}`)
    await mia.settled()
    expect(await textAt(other, manager)).toContain(`managed ${path}`)
    expect(await textAt(other, manager)).not.toContain(words)
    const late = await connectClient(one.collab, ROOM, { token: writer })
    expect(late.states[0]).toMatchObject({ frozen: true })
    late.disconnect()
    expect(await call(one.address, 'DELETE', path, { token: manager })).toMatchObject({ status: 200 })
    await until('what was held to come in', async () => (await textAt(one, manager)).includes(words))
    expect(ana.states.at(-1)).toMatchObject({ frozen: false })
  }
  expect([...ana.closings, ...mia.closings]).toEqual([])
})

it('what is frozen or revoked stays so after a restart', async () => {
  const store = await anyPostgres().open()
  const env = { ...store.env, ...TOKEN_ENV }
  const first = await startService(env)
  const beforeThat = seconds() - 5
  const admin = await tokenOf('boss', { isAdmin: true })
  const ana = await tokenOf('ana', { stories: { s1: 'write' } })
  await call(first.address, 'PUT', '/stories/s1/freeze', { token: admin })
  await call(first.address, 'POST', '/admin/revoke', { token: admin, body: { user: 'ben' } })
  await first.stop()
  const second = await startService(env)
  const client = await connectClient(second.collab, ROOM, { token: ana })
  expect(client.states[0]).toMatchObject({ frozen: true, reason: 'this story is frozen' })
  const ben = await tokenOf('ben', { stories: { s1: 'write' }, now: beforeThat })
  expect((await call(second.address, 'PUT', '/stories/s1/freeze', { token: ben })).status).toBe(401)
})

it('a process that died is not waited for twice', async () => {
  const { one, other, admin } = await pair()
  await other.kill('SIGKILL')
  const revoke = () => call(one.address, 'POST', '/admin/revoke', { token: admin, body: { user: 'ana' } })
  expect((await revoke()).body).toMatchObject({ silent: 1 })
  expect((await revoke()).body).toMatchObject({ silent: 0 })
})

it('a token that ends closes its socket with 4401; a fresh one given on the socket keeps it', async () => {
  const store = await anyPostgres().open()
  const service = await startService({ ...store.env, ...TOKEN_ENV })
  const stories = { s1: 'write' as const }
  // Clocks are allowed 30 s: it ends in two.
  const short = { stories, now: seconds() - 60, ttl: 32 }
  const ends = await connectClient(service.collab, ROOM, { token: await tokenOf('ana', short) })
  const stays = await connectClient(service.collab, ROOM, { token: await tokenOf('ben', short) })
  stays.sendToken(await tokenOf('ben', { stories: { s1: 'read' } }))
  await until('the new role', () => stays.states.at(-1)?.role === 'read')
  expect(await closing(ends)).toMatchObject({ code: 4401, text: 'the token has expired' })
  expect(stays.closings).toEqual([])
  stays.sendToken(await tokenOf('ben', { stories }))
  await until('the old role', () => stays.states.at(-1)?.role === 'write')
  write(stays, 'kept')
  await stays.settled()
  stays.sendToken(await tokenOf('eve', { stories }))
  expect(await closing(stays)).toMatchObject({ code: 4401, text: 'the token is of another user' })
})

it('a fresh token that is invalid closes the socket with 4401', async () => {
  const service = await startService({ ...(await anyPostgres().open()).env, ...TOKEN_ENV })
  const client = await connectClient(service.collab, ROOM, {
    token: await tokenOf('ana', { stories: { s1: 'write' } }),
  })
  client.sendToken('x.y.z')
  expect((await closing(client)).code).toBe(4401)
})

it('in open mode nothing can be revoked, and freezing tells without barring', async () => {
  const service = await startService((await anyPostgres().open()).env)
  const client = await connectClient(service.collab, ROOM)
  expect((await call(service.address, 'POST', '/admin/revoke', { body: { user: 'ana' } })).status).toBe(409)
  expect((await call(service.address, 'PUT', '/stories/s1/freeze', { body: { reason: 'x' } })).status).toBe(200)
  await until('to be told', () => client.states.at(-1)?.frozen === true)
  write(client, 'all manage')
  await client.settled()
  expect((await readAfresh(service.collab, ROOM)).getText('text').toString()).toBe('all manage ')
})
