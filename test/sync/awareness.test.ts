import { describe, expect, it } from 'vitest'
import { applyAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { Message } from '../../shared/protocol.ts'
import { sharedService } from '../support/shared-service.ts'
import { type StockClient, type StockVersion, stockClient } from '../support/stock.ts'
import { until } from '../support/until.ts'

const shared = sharedService({})
let rooms = 0
/** The service, and a page of its own for a test. */
const join = () => ({ collab: shared().service.collab, room: `story/present-${++rooms}` })

const VERSIONS: readonly StockVersion[] = ['1.x', '2.x', '3.x']

const namesSeenBy = ({ awareness }: StockClient): string[] =>
  [...awareness.getStates().values()]
    .map(({ name }) => name)
    .filter(Boolean)
    .sort()

const seesAll = (client: StockClient, names: readonly string[]): boolean =>
  JSON.stringify(namesSeenBy(client)) === JSON.stringify(names)

const awarenessFrames = (client: StockClient): Uint8Array[] => {
  const frames: Uint8Array[] = []
  client.socket?.addEventListener('message', ({ data }) => {
    const frame = new Uint8Array(data as ArrayBuffer)
    if (frame[0] === Message.awareness) frames.push(frame)
  })
  return frames
}

describe('presence', () => {
  it('everybody sees everybody, a change reaches all, and whoever leaves is gone for the others at once', async () => {
    const { collab, room } = join()
    const clients = VERSIONS.map((version) => stockClient(collab, room, { version }))
    await Promise.all(clients.map((client) => client.synced()))
    for (const { awareness, version } of clients) awareness.setLocalState({ name: version })
    await until('all to see all', () => clients.every((client) => seesAll(client, ['1.x', '2.x', '3.x'])))
    const [first, , third] = clients as [StockClient, StockClient, StockClient]
    first.awareness.setLocalStateField('name', '1.x renamed')
    await until('the new name', () => clients.every((client) => seesAll(client, ['1.x renamed', '2.x', '3.x'])))
    third.destroy()
    await until('the third to be gone', () => seesAll(first, ['1.x renamed', '2.x']))
  })

  it('whoever is lost without a close is gone within seconds, and not at once', async () => {
    const { collab, room } = join()
    const [stays, lost] = [stockClient(collab, room), stockClient(collab, room)]
    await Promise.all([stays.synced(), lost.synced()])
    lost.awareness.setLocalState({ name: 'lost' })
    await until('it to be seen', () => seesAll(stays, ['lost']))
    const lostAt = performance.now()
    lost.socket?.terminate()
    lost.disconnect()
    await until('it to be gone', () => seesAll(stays, []))
    expect(performance.now() - lostAt).toBeGreaterThan(2000)
  })

  it('a returning client keeps its place, and is seen again after its removal', async () => {
    const { collab, room } = join()
    const [stays, comes] = [stockClient(collab, room), stockClient(collab, room, { version: '1.x' })]
    await Promise.all([stays.synced(), comes.synced()])
    comes.awareness.setLocalState({ name: 'comes' })
    await until('it to be seen', () => seesAll(stays, ['comes']))
    comes.disconnect()
    await until('it to be gone', () => seesAll(stays, []))
    comes.connect()
    await until('it to be seen again', () => seesAll(stays, ['comes']))
    expect(namesSeenBy(comes)).toEqual(['comes'])
  })

  it('a client hears its own heartbeat, and query awareness is answered', async () => {
    const { collab, room } = join()
    const client = stockClient(collab, room)
    await client.synced()
    const frames = awarenessFrames(client)
    client.awareness.setLocalState({ name: 'alone' })
    await until('its own heartbeat', () => frames.length > 0)
    frames.length = 0
    client.socket?.send(new Uint8Array([Message.queryAwareness]))
    await until('the answer', () => frames.length > 0)
    const [answer] = frames as [Uint8Array]
    const late = stockClient(collab, 'story/other', { doc: new Y.Doc() })
    // Type and length, each one byte here, precede the update.
    applyAwarenessUpdate(late.awareness, answer.subarray(2), null)
    expect(namesSeenBy(late)).toEqual(['alone'])
  })
})
