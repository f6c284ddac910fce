import { Agent, type IncomingMessage, request } from 'node:http'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { highest } from '../../server/cluster/rendezvous.ts'
import { connectClient } from '../support/client.ts'
import { pageAsText, untilEqual } from '../support/equal.ts'
import { metricByWorker } from '../support/metrics.ts'
import { freePort } from '../support/postgres.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { rawConnection } from '../support/raw-socket.ts'
import { AT_FULL_SPEED, runServe, type Service, startService } from '../support/service.ts'
import { readAfresh, stockClient, stockVersions } from '../support/stock.ts'
import { anyPostgres, foldOf, type Store } from '../support/stores.ts'
import { expectNothingLost, Typists } from '../support/typists.ts'
import { until } from '../support/until.ts'

const ROOMS = Array.from({ length: 50 }, (_, index) => `story-${index % 7}/page-${index}`)
const LONG = { timeout: 300_000 }
const CLIENTS_A_ROOM = 4

/** The worker that a room of these tests belongs to while both live. */
const workerOf = (room: string): string => highest(room, ['1', '2']) ?? ''

/** Process ids of the workers that serve, by worker; the last to say so counts. */
const pidsOf = (service: Service): Map<string, number> => {
  const said = service.log().matchAll(/"pid":(\d+),"worker":"(\d+)","msg":"serving"/g)
  return new Map([...said].map((match) => [match[2] ?? '', Number(match[1])]))
}

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

const start = (store: Store, env: Record<string, string> = {}): Promise<Service> =>
  startService({ ...store.env, ...AT_FULL_SPEED, WORKERS: '2', MAX_USER_PAGES: '0', MAX_USER_SOCKETS: '0', ...env })

interface Asked {
  readonly method?: string
  readonly body?: Uint8Array
  readonly agent?: Agent
}

const ask = (address: string, path: string, { method = 'GET', body, agent }: Asked = {}): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/octet-stream' }
    const asked = request(
      `${address}${path}`,
      { method, headers, agent: agent ?? false },
      (answer: IncomingMessage) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
      },
    )
    asked.on('error', reject).end(body)
  })

const pathOf = (room: string): string => `/api/v1/stories/${room.replace('/', '/pages/')}`

const textUpdate = (words: string): Uint8Array => {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, words)
  return Y.encodeStateAsUpdate(doc)
}

/** Sends a request by hand, cut at random, the body right behind the head. @returns the answer's first line */
const postInPieces = (address: string, room: string, body: Uint8Array, random: Random): Promise<string> =>
  new Promise((resolve, reject) => {
    const connection = rawConnection(address)
    const head = `POST ${pathOf(room)}/updates HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\nContent-Length: ${body.length}\r\n\r\n`
    const bytes = Buffer.concat([Buffer.from(head), body])
    let answer = ''
    connection.on('data', (chunk) => {
      answer += chunk.toString()
    })
    connection.on('close', () => resolve(answer.slice(0, answer.indexOf('\r\n'))))
    connection.on('error', reject)
    const send = (from: number) => {
      const to = Math.min(bytes.length, from + 1 + random.below(from < head.length ? 40 : 60_000))
      connection.write(bytes.subarray(from, to), () => {
        if (to < bytes.length) setImmediate(send, to)
      })
    }
    connection.setNoDelay(true)
    send(0)
  })

describe('a service of two workers', () => {
  it('serves each page from one of them, whoever asks and how, and ends whole', LONG, async () => {
    const random = seededRandom()
    const store = await anyPostgres().open()
    const service = await start(store)
    const clients = ROOMS.flatMap((room, index) =>
      Array.from({ length: CLIENTS_A_ROOM }, (_, n) => ({
        room,
        client: stockClient(service.collab, room, { version: stockVersions[(index + n) % 3] ?? '3.x' }),
      })),
    )
    await Promise.all(clients.map(({ client }) => client.synced()))
    for (const { client } of clients) client.doc.getText('text').insert(0, String(random.below(1000)))
    for (const room of ROOMS) {
      await untilEqual(clients.filter((one) => one.room === room).map(({ client }) => client.doc))
    }
    const owned = (worker: string) => ROOMS.filter((room) => workerOf(room) === worker).length
    const rooms = await metricByWorker(service.address, 'rooms')
    expect(rooms).toEqual(new Map([1, 2].map((worker) => [String(worker), owned(String(worker))])))
    const opened = await metricByWorker(service.address, 'sockets_opened')
    expect([...opened.values()].reduce((sum, count) => sum + count, 0)).toBe(ROOMS.length * CLIENTS_A_ROOM)

    // Writes by HTTP reach the open room at once, also on a connection that the caller would keep.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (const room of ROOMS.slice(0, 6)) {
      const answered = await ask(service.address, `${pathOf(room)}/updates`, {
        method: 'POST',
        body: textUpdate('by HTTP'),
        agent,
      })
      expect(answered).toBeLessThan(300)
      const [member] = clients.filter((one) => one.room === room)
      await until('the room to hear of it', () => member?.client.doc.getText('text').toString().includes('by HTTP'))
    }
    agent.destroy()
    expect(await metricByWorker(service.address, 'rooms')).toEqual(rooms)

    // What comes cut into pieces is handed over whole.
    const posts = Array.from({ length: 40 }, (_, index) => ({
      room: `posted/page-${index}`,
      size: random.below(200_000),
    }))
    const answers = await Promise.all(
      posts.map(({ room, size }) => postInPieces(service.address, room, textUpdate('x'.repeat(size + 1)), random)),
    )
    expect(new Set(answers.map((line) => line.slice(0, 10)))).toEqual(new Set(['HTTP/1.1 2']))
    for (const { room, size } of posts) {
      expect((await foldOf(store, room)).getText('text').length, room).toBe(size + 1)
    }

    expect(await ask(service.address, '/healthz')).toBe(200)
    expect(await (await fetch(`${service.address}/readyz`)).json()).toEqual({ status: 'ready', database: 'reachable' })
    const tooLong = rawConnection(service.address)
    tooLong.write(`GET /${'x'.repeat(20_000)}`)
    let refused = ''
    tooLong.on('data', (bytes) => {
      refused += bytes.toString()
    })
    await until('a long first line to be refused', () => refused.startsWith('HTTP/1.1 431'))

    const pids = [service.pid, ...pidsOf(service).values()]
    expect(pids).toHaveLength(3)
    const closings: number[] = []
    for (const { client } of clients) client.socket?.once('close', (code: number) => closings.push(code))
    await service.stop()
    await until('all to be told', () => closings.length === clients.length)
    expect(new Set(closings)).toEqual(new Set([1012]))
    expect(pids.filter((pid) => !isGone(pid))).toEqual([])
    for (const { client } of clients) client.destroy()
  })

  it('replaces a worker that is killed, and loses nothing that was acknowledged', LONG, async () => {
    const random = seededRandom()
    const store = await anyPostgres().open()
    const service = await start(store)
    const rooms = ROOMS.slice(0, 8)
    const typists = new Typists(service.collab, rooms)
    typists.connect(service.collab)
    typists.start(random)
    await until('edits to be acknowledged', () => typists.acknowledgedCount > 300)
    const [victim = '1'] = rooms.map(workerOf)
    const before = pidsOf(service)
    process.kill(before.get(victim) ?? 0, 'SIGKILL')
    await until('its sockets to be lost', () =>
      typists.clients.every((client) => client.isOpen === (workerOf(client.room) !== victim)),
    )
    typists.stayConnected()
    const again = typists.acknowledgedCount + 100
    await until('edits to be acknowledged again', () => typists.acknowledgedCount > again)
    await until('the worker to be replaced', () => pidsOf(service).get(victim) !== before.get(victim))
    await until('both to serve', async () => (await metricByWorker(service.address, 'workers')).get('parent') === 2)
    await expectNothingLost(typists, service.collab)
    for (const room of rooms) {
      const page = pageAsText(await readAfresh(service.collab, room))
      expect(pageAsText(await foldOf(store, room))).toBe(page)
    }
    expect((await metricByWorker(service.address, 'workers_replaced')).get('parent')).toBe(1)
    typists.disconnect()
    await service.stop()
  })

  it('ends its workers in an orderly way when the parent is killed', async () => {
    const store = await anyPostgres().open()
    const service = await start(store)
    const author = await connectClient(service.collab, 'story/orphan')
    author.edit('last', (doc) => doc.getText('text').insert(0, 'kept'))
    const pids = [...pidsOf(service).values()]
    await service.kill('SIGKILL')
    await until('the workers to end', () => pids.every(isGone))
    await until('the author to be told', () => author.closings.length > 0)
    expect(author.closings.map(({ code }) => code)).toEqual([1012])
    expect((await foldOf(store, 'story/orphan')).getText('text').toString()).toBe('kept')
  })
})

describe('workers that cannot start', () => {
  it('end the service with their reason, once', async () => {
    const port = await freePort()
    const { env } = await anyPostgres().open()
    const wrong = runServe({ DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/x`, WORKERS: '2' })
    const refused = runServe({ DATABASE_URL: env.DATABASE_URL?.replace(/\/[^/]*$/, '/missing') ?? '', WORKERS: '2' })
    await until('it to wait for the database', () => wrong.log().includes('is not reachable'))
    expect(wrong.log().match(/is not reachable/g)).toHaveLength(1)
    wrong.child.kill('SIGTERM')
    expect((await wrong.ended).code).toBe(0)
    expect((await refused.ended).code).toBe(1)
    expect(refused.log().match(/cannot start/g)).toHaveLength(1)
    expect(refused.log()).toContain('database "missing" does not exist')
  })
})
