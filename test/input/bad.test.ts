import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { Sync, syncMessage } from '../../shared/protocol.ts'
import { Client, connectClient } from '../support/client.ts'
import { honestUpdates, mutated, poisonedUpdates, unreadableFrames } from '../support/poison.ts'
import { seededRandom } from '../support/random.ts'
import { type Service, startService } from '../support/service.ts'
import { allStores } from '../support/sized-stores.ts'
import { until } from '../support/until.ts'
import { closingOf, expectLoadsAfterRestart, expectSameLetters, expectUndisturbed, ROOM } from './witness.ts'

const GROWTH = 200_000_000

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
