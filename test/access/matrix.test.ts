/** What each role may: on pages in every state, by socket and by HTTP. */
import { describe, expect, it } from 'vitest'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { awarenessMessage, Message, Sync } from '../../shared/protocol.ts'
import { addPage } from '../../shared/story.ts'
import { call } from '../support/api.ts'
import { Client, connectClient } from '../support/client.ts'
import { rowsOf } from '../support/stores.ts'
import { tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'
import { type PageState, STATES, WHO, type Who, worlds } from './world.ts'

const world = worlds()

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

const opening = async (collab: string, room: string, token: string): Promise<Client> => {
  const client = new Client(collab, room, { token })
  client.connect()
  await until('an answer', () => client.isSynced || client.closings.length > 0)
  return client
}

describe.each(STATES)('on a page that is %s', (state) => {
  it('each role is let in or refused, and may send what it may', async () => {
    const { store, service, room, tokens } = await world(state)
    for (const who of WHO) {
      const client = await opening(service.collab, room, tokens[who])
      expect([who, client.closings[0]?.code ?? 0]).toEqual([who, OPENING[state][who]])
      if (client.closings.length > 0 || state === 'deleted') continue
      const expected = WRITING[state][who]
      expect(client.states[0]).toMatchObject({ role: who === 'admin' ? 'manage' : who, frozen: state === 'frozen' })
      expect(client.doc.getText('text').toString()).toContain('first ')
      for (const kind of [Sync.update, Sync.step2] as const) {
        const before = (await rowsOf(store, room)).length
        const n = client.sendUpdate(Y.encodeStateAsUpdate(written(client.doc, `${who} ${kind} `)), kind)
        await client.settled()
        const refusal = client.refusals.find((each) => each.n === n)
        expect([who, kind, refusal?.code ?? 'saved']).toEqual([who, kind, expected])
        expect((await rowsOf(store, room)).length - before).toBe(expected === 'saved' ? 1 : 0)
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
    const { service, story, tokens } = await world(state)
    const rows: readonly (readonly [method: string, path: string, body: unknown, expected: Record<Who, number>])[] = [
      [
        'PUT',
        `/stories/${story}/pages/p/freeze`,
        {},
        { nobody: 401, none: 404, read: 403, write: 403, manage: 200, admin: 200 },
      ],
      [
        'DELETE',
        `/stories/${story}/pages/p/freeze`,
        undefined,
        { nobody: 401, none: 404, read: 403, write: 403, manage: 200, admin: 200 },
      ],
      [
        'PUT',
        `/stories/${story}/freeze`,
        {},
        { nobody: 401, none: 404, read: 403, write: 403, manage: 200, admin: 200 },
      ],
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
  const { service, story, tokens } = await world('open')
  const page = `/stories/${story}/pages/p`
  const rows: readonly (readonly [method: string, path: string, body: unknown, expected: Record<Who, number>])[] = [
    ['GET', `/stories/${story}`, undefined, READ],
    ...['', '/history', '/authors', '/versions'].map((path) => ['GET', `${page}${path}`, undefined, READ] as const),
    ['POST', `${page}/versions`, { label: 'first' }, MANAGE],
    ['POST', `/stories/${story}/versions`, { label: 'first' }, MANAGE],
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
  const { service, story, tokens } = await world('open')
  const listed = async (token: string) =>
    (await call(service.address, 'GET', '/stories', { token })).body.stories.map(
      ({ story }: { story: string }) => story,
    )
  expect(await listed(tokens.read)).toEqual([story])
  expect(await listed(tokens.none)).toEqual([])
  expect(await listed(await tokenOf('eve', { stories: { other: 'manage' } }))).toEqual([])
})

it('pages that a token sets to none are not listed with their story, which is not copied then', async () => {
  const { service, story, room, tokens } = await world('open')
  const token = await tokenOf('eve', { stories: { '*': 'manage' }, pages: { [room]: 'none' } })
  const author = await connectClient(service.collab, `${story}/q`, { token })
  author.edit('more', (doc) => doc.getText('text').insert(0, 'more'))
  await author.settled()
  const pages = async (who: string) =>
    (await call(service.address, 'GET', `/stories/${story}`, { token: who })).body.pages.map(
      ({ id }: { id: string }) => id,
    )
  expect(await pages(tokens.read)).toEqual(['p', 'q'])
  expect(await pages(token)).toEqual(['q'])
  const outline = await connectClient(service.collab, `${story}/_story`, { token: tokens.manage })
  outline.edit('pages', (doc) => addPage(doc, { id: 'p', title: '' }, 0))
  await outline.settled()
  const first = async (who: string) =>
    (await call(service.address, 'GET', `/stories/${story}/first`, { token: who })).status
  expect(await Promise.all([tokens.read, token, tokens.none].map(first))).toEqual([200, 404, 404])
  const body = { story: `${story}-copy` }
  expect((await call(service.address, 'POST', `/stories/${story}/copy`, { token, body })).status).toBe(403)
  expect((await call(service.address, 'POST', `/stories/${story}/copy`, { token: tokens.admin, body })).status).toBe(
    201,
  )
})

describe('what is not theirs', () => {
  it('looks like what does not exist, by socket and by HTTP', async () => {
    const { service, story, room } = await world('open')
    const stranger = await tokenOf('eve', { stories: { other: 'manage' }, pages: { [`${story}/q`]: 'manage' } })
    const answers = await Promise.all(
      [room, `${story}/nothing`, 'nowhere/p'].map(async (asked) => {
        const client = new Client(service.collab, asked, { token: stranger })
        client.connect()
        await until('the refusal', () => client.closings.length > 0)
        const path = asked.replace('/', '/pages/')
        const { status, body } = await call(service.address, 'PUT', `/stories/${path}/freeze`, {
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
