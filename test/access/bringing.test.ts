/** How a token is brought, and what of its bearer others see and get. */
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectClient } from '../support/client.ts'
import { startService } from '../support/service.ts'
import { stockClient, stockVersions } from '../support/stock.ts'
import { anyPostgres, rowsOf } from '../support/stores.ts'
import { TOKEN_ENV } from '../support/tokens.ts'
import { until } from '../support/until.ts'
import { worlds } from './world.ts'

const world = worlds()

it.each(stockVersions)(
  'a stock reader of %s whose editor cleans up lives, is counted and changes nothing',
  async (version) => {
    const { store, service, room, tokens } = await world('open')
    const reader = stockClient(service.collab, room, { version, params: { token: tokens.read } })
    await reader.synced()
    const before = await rowsOf(store, room)
    reader.doc.getText('text').insert(0, 'not mine ')
    await reader.committed()
    const author = await connectClient(service.collab, room, { token: tokens.write })
    author.edit('more', (doc) => doc.getMap('map').set('more', true))
    await author.settled()
    await until('the reader to read on', () => reader.doc.getMap('map').get('more') === true)
    expect(author.doc.getText('text').toString()).toBe('first ')
    expect((await rowsOf(store, room)).length).toBe(before.length + 1)
    expect(reader.socket?.readyState).toBe(1)
  },
)

it('a reader is seen, unless the setting says otherwise; nobody is seen under another’s name', async () => {
  const { service, room, tokens } = await world('open')
  const hiding = async () =>
    startService({ ...(await anyPostgres().open()).env, ...TOKEN_ENV, AUTH_READER_PRESENCE: 'false' })
  for (const { isShown, collab } of [
    { isShown: true, collab: service.collab },
    { isShown: false, collab: (await hiding()).collab },
  ]) {
    const [reader, writer] = (['read', 'write'] as const).map((who) =>
      stockClient(collab, room, { params: { token: tokens[who] } }),
    ) as [ReturnType<typeof stockClient>, ReturnType<typeof stockClient>]
    await Promise.all([reader.synced(), writer.synced()])
    reader.awareness.setLocalState({ user: { name: 'the teacher', id: 'admin', color: '#0f0' } })
    writer.awareness.setLocalState({ user: { name: 'the writer' } })
    const seenBy = (client: typeof reader) => [...client.awareness.getStates().values()].map(({ user }) => user)
    await until('the writer to be seen', () => seenBy(reader).some((user) => user?.id === 'write'))
    if (isShown) {
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
  const { service, room, tokens } = await world('open')
  const token = tokens.write
  for (const [how, protocols, place, chosen] of WAYS) {
    const socket = new WebSocket(
      `${service.collab}/${room}${place === 'query' ? `?token=${token}` : ''}`,
      protocols.map((name) => name.replace('TOKEN', `scriptorium.token.${token}`)),
      { headers: place === 'header' ? { authorization: `Bearer ${token}` } : {} },
    )
    let heard = 0
    socket.on('message', () => heard++)
    await until(`the service to speak to a token ${how}`, () => heard > 0)
    expect([how, socket.protocol]).toEqual([how, chosen])
    socket.terminate()
  }
  const alone = new WebSocket(`${service.collab}/${room}`, [`scriptorium.token.${token}`])
  const status = await new Promise((resolve) => {
    alone.on('unexpected-response', (_request, response) => resolve(response.statusCode))
    alone.on('error', () => undefined)
  })
  expect(status).toBe(400)
  expect(service.log()).not.toContain(token.slice(-20))
})
