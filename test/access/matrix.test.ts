import { beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import type { Role } from '../../server/access.ts'
import { awarenessMessage, Message, Sync } from '../../shared/protocol.ts'
import { addPage } from '../../shared/story.ts'
import { call } from '../support/api.ts'
import { Client, connectClient } from '../support/client.ts'
import { startService } from '../support/service.ts'
import { stockClient, stockVersions } from '../support/stock.ts'
import { anyPostgres, rowsOf, type Store } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const WHO = ['nobody', 'none', 'read', 'write', 'manage', 'admin'] as const
type Who = (typeof WHO)[number]
const STATES = ['open', 'frozen', 'deleted'] as const
type PageState = (typeof STATES)[number]

const tokens: Record<Who, string> = { nobody: '', none: '', read: '', write: '', manage: '', admin: '' }
beforeAll(async () => {
  for (const role of ['none', 'read', 'write', 'manage'] as const satisfies readonly Role[]) {
    tokens[role] = await tokenOf(role, { stories: { s: role } })
  }
  tokens.admin = await tokenOf('admin', { isAdmin: true })
})

/** A service with one page, as the state says. */
const world = async (state: PageState) => {
  const store = await anyPostgres().open()
  const service = await startService({ ...store.env, ...TOKEN_ENV })
  const author = await connectClient(service.collab, 's/p', { token: tokens.admin })
  author.edit('first', (doc) => doc.getText('text').insert(0, 'first '))
  await author.settled()
  author.disconnect()
  if (state === 'frozen') await call(service.address, 'PUT', '/stories/s/freeze', { token: tokens.manage })
  if (state === 'deleted') await deletePage(store)
  return { store, service }
}

/** As the route for it does. */
const deletePage = (store: Store): Promise<unknown> =>
  store.query(`UPDATE scriptorium.room SET deleted_at = now() WHERE room_id = 's/p'`)

/** How a socket of each ends at its opening; 0: it is let in. */
const OPENING: Readonly<Record<PageState, Readonly<Record<Who, number>>>> = {
  open: { nobody: 4401, none: 4403, read: 0, write: 0, manage: 0, admin: 0 },
  frozen: { nobody: 4401, none: 4403, read: 0, write: 0, manage: 0, admin: 0 },
  deleted: { nobody: 4401, none: 4403, read: 4404, write: 4404, manage: 4404, admin: 4404 },
}

/** What becomes of an update of each that adds something. */
const WRITING: Readonly<Record<Exclude<PageState, 'deleted'>, Readonly<Record<string, string>>>> = {
  open: { read: 'read-only', write: 'saved', manage: 'saved', admin: 'saved' },
  frozen: { read: 'frozen', write: 'frozen', manage: 'saved', admin: 'saved' },
}

const opening = async (collab: string, who: Who, room = 's/p'): Promise<Client> => {
  const client = new Client(collab, room, { token: tokens[who] })
  client.connect()
  await until(`an answer for ${who}`, () => client.isSynced || client.closings.length > 0)
  return client
}

describe.each(STATES)('on a page that is %s', (state) => {
  it('each role is let in or refused, and may send what it may', async () => {
    const { store, service } = await world(state)
    if (state === 'deleted') {
      // The room of the author closes after 15 s without members; a service that starts afresh has none.
      await service.stop()
    }
    const { collab } = state === 'deleted' ? await startService({ ...store.env, ...TOKEN_ENV }) : service
    for (const who of WHO) {
      const client = await opening(collab, who)
      expect([who, client.closings[0]?.code ?? 0]).toEqual([who, OPENING[state][who]])
      if (client.closings.length > 0 || state === 'deleted') continue
      const expected = WRITING[state][who]
      expect(client.states[0]).toMatchObject({ role: who === 'admin' ? 'manage' : who, frozen: state === 'frozen' })
      expect(client.doc.getText('text').toString()).toContain('first ')
      for (const kind of [Sync.update, Sync.step2] as const) {
        const before = (await rowsOf(store, 's/p')).length
        const n = client.sendUpdate(Y.encodeStateAsUpdate(written(client.doc, `${who} ${kind} `)), kind)
        await client.settled()
        const refusal = client.refusals.find((each) => each.n === n)
        expect([who, kind, refusal?.code ?? 'saved']).toEqual([who, kind, expected])
        expect((await rowsOf(store, 's/p')).length - before).toBe(expected === 'saved' ? 1 : 0)
      }
      // What adds nothing is settled for everybody; step 1, presence and its query are everybody's too.
      client.sendUpdate(Y.encodeStateAsUpdate(client.doc), Sync.step2)
      client.isSynced = false
      client.sendStep1()
      client.sendRaw(presenceOf(who))
      client.sendRaw(new Uint8Array([Message.queryAwareness]))
      client.sendToken(tokens[who])
      await client.settled()
      await until('the answers', () => client.isSynced && client.heard.includes(`type ${Message.awareness}`))
      expect(client.closings).toEqual([])
      client.disconnect()
    }
  })

  it('each role gets what each route has for it', async () => {
    const { service } = await world(state)
    const rows: readonly (readonly [method: string, path: string, body: unknown, expected: Record<Who, number>])[] = [
      [
        'PUT',
        '/stories/s/pages/p/freeze',
        {},
        { nobody: 401, none: 404, read: 403, write: 403, manage: 200, admin: 200 },
      ],
      [
        'DELETE',
        '/stories/s/pages/p/freeze',
        undefined,
        { nobody: 401, none: 404, read: 403, write: 403, manage: 200, admin: 200 },
      ],
      ['PUT', '/stories/s/freeze', {}, { nobody: 401, none: 404, read: 403, write: 403, manage: 200, admin: 200 }],
      ['GET', '/admin/audit', undefined, { nobody: 401, none: 403, read: 403, write: 403, manage: 403, admin: 200 }],
      [
        'POST',
        '/admin/revoke',
        { user: 'x' },
        { nobody: 401, none: 403, read: 403, write: 403, manage: 403, admin: 200 },
      ],
      [
        'POST',
        '/admin/forget',
        { user: 'x' },
        { nobody: 401, none: 403, read: 403, write: 403, manage: 403, admin: 200 },
      ],
    ]
    for (const [method, path, body, expected] of rows) {
      for (const who of WHO) {
        const { status } = await call(service.address, method, path, { token: tokens[who], body })
        expect([method, path, who, status]).toEqual([method, path, who, expected[who]])
      }
    }
  })
})

/** A document that holds what `doc` holds and some words more. */
const written = (doc: Y.Doc, words: string): Y.Doc => {
  const more = new Y.Doc()
  Y.applyUpdate(more, Y.encodeStateAsUpdate(doc))
  more.getText('text').insert(0, words)
  return more
}

const presenceOf = (name: string): Uint8Array => {
  const awareness = new Awareness(new Y.Doc())
  awareness.setLocalState({ name })
  const message = awarenessMessage(encodeAwarenessUpdate(awareness, [awareness.clientID]))
  awareness.destroy()
  return message
}

const READ = { nobody: 401, none: 404, read: 200, write: 200, manage: 200, admin: 200 }
const MANAGE = { nobody: 401, none: 404, read: 403, write: 403, manage: 201, admin: 201 }

it('pages, their history and their versions are read by who may read, and kept by who may manage', async () => {
  const { service } = await world('open')
  const page = '/stories/s/pages/p'
  const rows: readonly (readonly [method: string, path: string, body: unknown, expected: Record<Who, number>])[] = [
    ['GET', '/stories/s', undefined, READ],
    ...['', '/history', '/authors', '/versions'].map((path) => ['GET', `${page}${path}`, undefined, READ] as const),
    ['POST', `${page}/versions`, { label: 'first' }, MANAGE],
    ['POST', '/stories/s/versions', { label: 'first' }, MANAGE],
    ['DELETE', page, undefined, { ...MANAGE, manage: 200, admin: 200 }],
  ]
  for (const [method, path, body, expected] of rows) {
    for (const who of WHO) {
      const { status } = await call(service.address, method, path, { token: tokens[who], body })
      const answer = method === 'DELETE' && status < 300 ? 200 : status
      expect([method, path, who, answer]).toEqual([method, path, who, expected[who]])
    }
  }
})

it('the list of stories holds those that may be read', async () => {
  const { service } = await world('open')
  const listed = async (token: string) =>
    (await call(service.address, 'GET', '/stories', { token })).body.stories.map(
      ({ story }: { story: string }) => story,
    )
  expect(await listed(tokens.read)).toEqual(['s'])
  expect(await listed(tokens.none)).toEqual([])
  expect(await listed(await tokenOf('eve', { stories: { other: 'manage' } }))).toEqual([])
})

it('pages that a token sets to none are not listed with their story, which is not copied then', async () => {
  const { service } = await world('open')
  const token = await tokenOf('eve', { stories: { '*': 'manage' }, pages: { 's/p': 'none' } })
  const author = await connectClient(service.collab, 's/q', { token })
  author.edit('more', (doc) => doc.getText('text').insert(0, 'more'))
  await author.settled()
  const pages = async (who: string) =>
    (await call(service.address, 'GET', '/stories/s', { token: who })).body.pages.map(({ id }: { id: string }) => id)
  expect(await pages(tokens.read)).toEqual(['p', 'q'])
  expect(await pages(token)).toEqual(['q'])
  const outline = await connectClient(service.collab, 's/_story', { token: tokens.manage })
  outline.edit('pages', (doc) => addPage(doc, { id: 'p', title: '' }, 0))
  await outline.settled()
  const first = async (who: string) => (await call(service.address, 'GET', '/stories/s/first', { token: who })).status
  expect(await Promise.all([tokens.read, token, tokens.none].map(first))).toEqual([200, 404, 404])
  const body = { story: 'copy' }
  expect((await call(service.address, 'POST', '/stories/s/copy', { token, body })).status).toBe(403)
  expect((await call(service.address, 'POST', '/stories/s/copy', { token: tokens.admin, body })).status).toBe(201)
})

describe('what is not theirs', () => {
  it('looks like what does not exist, by socket and by HTTP', async () => {
    const { service } = await world('open')
    const stranger = await tokenOf('eve', { stories: { other: 'manage' }, pages: { 's/q': 'manage' } })
    const answers = await Promise.all(
      ['s/p', 's/nothing', 'nowhere/p'].map(async (room) => {
        const client = new Client(service.collab, room, { token: stranger })
        client.connect()
        await until('the refusal', () => client.closings.length > 0)
        const [story, page] = room.split('/')
        const { status, body } = await call(service.address, 'PUT', `/stories/${story}/pages/${page}/freeze`, {
          token: stranger,
        })
        return { closing: client.closings[0], status, body }
      }),
    )
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
    expect(answers[0]).toMatchObject({ closing: { code: 4403 }, status: 404 })
  })
})

it.each(stockVersions)(
  'a stock reader of %s whose editor cleans up lives, is counted and changes nothing',
  async (version) => {
    const { store, service } = await world('open')
    const reader = stockClient(service.collab, 's/p', { version, params: { token: tokens.read } })
    await reader.synced()
    const before = await rowsOf(store, 's/p')
    reader.doc.getText('text').insert(0, 'not mine ')
    await reader.committed()
    const author = await connectClient(service.collab, 's/p', { token: tokens.write })
    author.edit('more', (doc) => doc.getMap('map').set('more', true))
    await author.settled()
    await until('the reader to read on', () => reader.doc.getMap('map').get('more') === true)
    expect(author.doc.getText('text').toString()).toBe('first ')
    expect((await rowsOf(store, 's/p')).length).toBe(before.length + 1)
    expect(reader.socket?.readyState).toBe(1)
  },
)

it('a reader is seen, unless the setting says otherwise; nobody is seen under another’s name', async () => {
  for (const shown of ['true', 'false']) {
    const store = await anyPostgres().open()
    const service = await startService({ ...store.env, ...TOKEN_ENV, AUTH_READER_PRESENCE: shown })
    const [reader, writer] = ['read', 'write'].map((who) =>
      stockClient(service.collab, 's/p', { params: { token: tokens[who as Who] } }),
    ) as [ReturnType<typeof stockClient>, ReturnType<typeof stockClient>]
    await Promise.all([reader.synced(), writer.synced()])
    reader.awareness.setLocalState({ user: { name: 'the teacher', id: 'admin', color: '#0f0' } })
    writer.awareness.setLocalState({ user: { name: 'the writer' } })
    const seenBy = (client: typeof reader) => [...client.awareness.getStates().values()].map(({ user }) => user)
    await until('the writer to be seen', () => seenBy(reader).some((user) => user?.id === 'write'))
    if (shown === 'true') {
      await until('the reader to be seen', () => seenBy(writer).some((user) => user?.id === 'read'))
      expect(seenBy(writer)).toContainEqual({ id: 'read', name: 'read', color: '#0f0' })
    } else expect(seenBy(writer).some((user) => user?.id === 'read')).toBe(false)
  }
})

const WAYS: readonly (readonly [how: string, protocols: readonly string[], place: string, chosen: string])[] = [
  ['beside scriptorium.v1', ['scriptorium.v1', 'TOKEN'], '', 'scriptorium.v1'],
  ['beside y', ['y', 'TOKEN'], '', 'y'],
  ['first, before the subprotocol', ['TOKEN', 'scriptorium.v1'], '', 'scriptorium.v1'],
  ['in the query', ['scriptorium.v1'], 'query', 'scriptorium.v1'],
  ['in the header', ['scriptorium.v1'], 'header', 'scriptorium.v1'],
]

it('a token is brought as subprotocol, in the query or in a header, is never logged, and alone is refused with HTTP 400', async () => {
  const service = await startService({ ...(await anyPostgres().open()).env, ...TOKEN_ENV, LOG_LEVEL: 'trace' })
  const token = tokens.write
  for (const [how, protocols, place, chosen] of WAYS) {
    const socket = new WebSocket(
      `${service.collab}/s/p${place === 'query' ? `?token=${token}` : ''}`,
      protocols.map((name) => name.replace('TOKEN', `scriptorium.token.${token}`)),
      { headers: place === 'header' ? { authorization: `Bearer ${token}` } : {} },
    )
    let heard = 0
    socket.on('message', () => heard++)
    await until(`the service to speak to a token ${how}`, () => heard > 0)
    expect([how, socket.protocol]).toEqual([how, chosen])
    socket.terminate()
  }
  const alone = new WebSocket(`${service.collab}/s/p`, [`scriptorium.token.${token}`])
  const status = await new Promise((resolve) => {
    alone.on('unexpected-response', (_request, response) => resolve(response.statusCode))
    alone.on('error', () => undefined)
  })
  expect(status).toBe(400)
  expect(service.log()).not.toContain(token.slice(-20))
})
