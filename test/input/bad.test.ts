import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { Sync, syncMessage } from '../../shared/protocol.ts'
import { call } from '../support/api.ts'
import { Client, connectClient } from '../support/client.ts'
import { pageAsText } from '../support/equal.ts'
import { metric } from '../support/metrics.ts'
import { honestUpdates, mutated, poisonedUpdates, unreadableFrames } from '../support/poison.ts'
import { seededRandom } from '../support/random.ts'
import { type Service, startService } from '../support/service.ts'
import { allStores } from '../support/sized-stores.ts'
import { readAfresh, stockClient } from '../support/stock.ts'
import { anyPostgres, foldOf, type Store } from '../support/stores.ts'
import { until } from '../support/until.ts'

const ROOM = 'story/page'
const GROWTH = 200_000_000

const closingOf = async (client: Client): Promise<number | undefined> => {
  await until('the socket to be closed', () => client.closings.length > 0)
  return client.closings.at(-1)?.code
}

type Alike = (one: Y.Doc, other: Y.Doc) => void

const expectSamePage: Alike = (one, other) => expect(pageAsText(one)).toBe(pageAsText(other))

/**
 * Forged origins can make two readers order the same letters differently, and only a document could tell; what every
 * reader must have is all of the page, readable.
 */
const expectSameLetters: Alike = (one, other) => {
  expect(Y.decodeStateVector(Y.encodeStateVector(one))).toEqual(Y.decodeStateVector(Y.encodeStateVector(other)))
  for (const doc of [one, other]) expect(pageAsText(doc)).toContain('still here')
}

/** Somebody who was here before, still writes and is still read. */
const expectUndisturbed = async (service: Service, witness: Client, alike: Alike = expectSamePage): Promise<void> => {
  const words = `still here ${witness.sent} `
  witness.edit(words, (doc) => doc.getText('text').insert(0, words))
  await witness.settled()
  expect(witness.closings).toEqual([])
  const fresh = await readAfresh(service.collab, ROOM)
  expect(fresh.store.pendingStructs).toBeNull()
  expect(fresh.getText('text').toString()).toContain(words)
  alike(fresh, witness.doc)
}

const expectLoadsAfterRestart = async (
  service: Service,
  store: Store,
  witness: Client,
  alike: Alike = expectSamePage,
): Promise<void> => {
  witness.disconnect()
  await service.stop()
  const restarted = await startService(store.env)
  alike(await readAfresh(restarted.collab, ROOM), witness.doc)
  await restarted.stop()
  alike(await foldOf(store, ROOM), witness.doc)
}

describe.each(allStores)('bad input, on $name,', ({ open }) => {
  it('closes the socket that sent it, is refused by number, and disturbs nobody', async () => {
    const store = await open()
    const service = await startService(store.env)
    const witness = await connectClient(service.collab, ROOM)
    await expectUndisturbed(service, witness)
    for (const [what, frame] of unreadableFrames) {
      const client = await connectClient(service.collab, ROOM)
      client.sendRaw(frame)
      expect([what, await closingOf(client)]).toEqual([what, 4400])
    }
    await expectUndisturbed(service, witness)
    for (const [what, update] of poisonedUpdates) {
      for (const kind of [Sync.update, Sync.step2]) {
        const client = await connectClient(service.collab, ROOM)
        const n = client.sendUpdate(update, kind)
        await client.settled()
        expect([what, client.refusals.map(({ code }) => code), client.refusals[0]?.n]).toEqual([what, ['invalid'], n])
        client.disconnect()
      }
    }
    await expectUndisturbed(service, witness)
    await expectLoadsAfterRestart(service, store, witness)
  })

  it('in 1,000 mutated updates and hundreds of random and truncated frames leaves a page that loads, and bounded memory', async () => {
    const random = seededRandom()
    const store = await open()
    const service = await startService(store.env)
    const witness = await connectClient(service.collab, ROOM)
    await expectUndisturbed(service, witness)
    const before = service.memory()
    const attacker = new Client(service.collab, ROOM)
    let refused = 0
    for (let round = 0; round < 20; round++) {
      attacker.connect()
      await attacker.synced()
      for (const honest of honestUpdates(random, 50)) {
        attacker.sendUpdate(mutated(honest, random), random.pick([Sync.update, Sync.step2]))
        attacker.sendUpdate(honest)
      }
      await attacker.settled()
      refused += attacker.refusals.length
      const frames = Array.from({ length: 20 }, () =>
        random.chance(0.5) ? random.bytes(random.below(200)) : truncatedFrame(random.below(80)),
      )
      await Promise.all(frames.map((frame) => vandalise(service, frame)))
    }
    attacker.disconnect()
    expect(refused).toBeGreaterThan(300)
    await expectUndisturbed(service, witness, expectSameLetters)
    expect(service.memory() - before).toBeLessThan(GROWTH)
    await expectLoadsAfterRestart(service, store, witness, expectSameLetters)
  })
})

/** Sends one frame, and waits for what comes of it: a close, or an answer to what is asked after it. */
const vandalise = async (service: Service, frame: Uint8Array): Promise<void> => {
  const client = await connectClient(service.collab, ROOM)
  client.isSynced = false
  client.sendRaw(frame)
  client.sendStep1()
  await until('a close or an answer', () => client.closings.length > 0 || client.isSynced)
  client.disconnect()
}

const truncatedFrame = (length: number): Uint8Array => {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'to be cut off in the middle of the message')
  return syncMessage(Sync.update, Y.encodeStateAsUpdate(doc)).slice(0, length)
}

describe('what is refused whole', () => {
  it('a stock client that sends an invalid update is closed with 4400, and what was written before stays', async () => {
    const service = await startService((await anyPostgres().open()).env)
    const stock = stockClient(service.collab, ROOM)
    await stock.synced()
    stock.doc.getText('text').insert(0, 'kept')
    await stock.committed()
    const { socket } = stock
    let code = 0
    socket?.addEventListener('close', (event) => {
      code = event.code
    })
    socket?.send(syncMessage(Sync.update, new Uint8Array([9, 9, 9])))
    await until('the close', () => code > 0)
    expect(code).toBe(4400)
    expect((await readAfresh(service.collab, ROOM)).getText('text').toString()).toBe('kept')
  })

  it('a frame of 40 MB is refused with 1009, time after time, and none is kept in memory', async () => {
    const service = await startService((await anyPostgres().open()).env)
    const witness = await connectClient(service.collab, ROOM)
    await expectUndisturbed(service, witness)
    const before = service.memory()
    for (let n = 0; n < 5; n++) {
      const client = await connectClient(service.collab, ROOM)
      client.sendRaw(new Uint8Array(40_000_000))
      expect(await closingOf(client)).toBe(1009)
    }
    expect(await metric(service.address, 'limit_frame_bytes')).toBe(5)
    expect(service.memory() - before).toBeLessThan(100_000_000)
    await expectUndisturbed(service, witness)
  })

  it('an update larger than allowed is refused as too large, and the socket lives', async () => {
    const service = await startService({ ...(await anyPostgres().open()).env, MAX_UPDATE_BYTES: '10000' })
    const client = await connectClient(service.collab, ROOM)
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'x'.repeat(20_000))
    const n = client.sendUpdate(Y.encodeStateAsUpdate(doc))
    await client.settled()
    expect(client.refusals).toMatchObject([{ n, code: 'too-large' }])
    await expectUndisturbed(service, client)
  })
})

describe('what PostgreSQL cannot hold', () => {
  it('is refused where it names somebody or says why, and closes nobody else’s page', async () => {
    const service = await startService((await anyPostgres().open()).env)
    const witness = await connectClient(service.collab, ROOM)
    await expectUndisturbed(service, witness)
    for (const user of ['a\0b', 'a\nb', '\u0085', ' ']) {
      const client = new Client(service.collab, ROOM, { user })
      client.connect()
      expect([user, await closingOf(client)]).toEqual([user, 4401])
      const path = `/stories/story/pages/page/versions?user=${encodeURIComponent(user)}`
      expect((await call(service.address, 'POST', path, { body: {} })).status).toBe(401)
    }
    const page = '/stories/story/pages/page'
    for (const text of ['a\0b', '\ud800']) {
      const given: readonly (readonly [method: string, path: string, body: unknown])[] = [
        ['PUT', `${page}/freeze`, { reason: text }],
        ['PUT', '/stories/story/freeze', { reason: text }],
        ['POST', `${page}/versions`, { label: text }],
        ['POST', '/stories/story/versions', { label: text }],
        ['POST', '/admin/forget', { user: text }],
        ['POST', '/admin/revoke', { user: text }],
      ]
      for (const [method, path, body] of given) {
        const headers = { 'idempotency-key': 'once' }
        const { status } = await call(service.address, method, path, { body, headers })
        expect([path, text, status]).toEqual([path, text, 400])
      }
    }
    await expectUndisturbed(service, witness)
  })

  it('may name a root all the same: the page is stored, read in every form, copied, and loads', async () => {
    const store = await anyPostgres().open()
    const service = await startService(store.env)
    const witness = await connectClient(service.collab, ROOM)
    witness.edit('odd', (doc) => {
      doc.getText('a\0b').insert(0, 'x\0y')
      doc.getMap('text\0').set('k\0', '\0')
    })
    await expectUndisturbed(service, witness)
    const page = '/stories/story/pages'
    for (const path of [`${page}/page`, `${page}/copy`]) {
      for (const accept of ['application/json', 'text/plain', 'application/octet-stream']) {
        const answer = await call(service.address, 'GET', path, { headers: { accept } })
        expect([path, accept, answer.status]).toEqual([path, accept, 200])
        if (accept === 'application/json') expect(answer.body['a\0b']).toBe('x\0y')
      }
      if (path.endsWith('page')) {
        const copied = await call(service.address, 'POST', `${path}/copy`, { body: { page: 'copy' } })
        expect(copied.status).toBe(201)
      }
    }
    const compaction = await fetch(`${service.address}/api/v1/admin/compact`, { method: 'POST', body: '{}' })
    expect([compaction.status, await compaction.text()]).toEqual([200, expect.stringContaining('"failed":[]')])
    await expectLoadsAfterRestart(service, store, witness)
  })
})
