/** Somebody who is on a page while others send bad input to it. */
import { expect } from 'vitest'
import * as Y from 'yjs'
import type { Client } from '../support/client.ts'
import { pageAsText } from '../support/equal.ts'
import { type Service, startService } from '../support/service.ts'
import { readAfresh } from '../support/stock.ts'
import { foldOf, type Store } from '../support/stores.ts'
import { until } from '../support/until.ts'

export const ROOM = 'story/page'

/** Waits until the socket is closed. @returns the code */
export const closingOf = async (client: Client): Promise<number | undefined> => {
  await until('the socket to be closed', () => client.closings.length > 0)
  return client.closings.at(-1)?.code
}

type Alike = (one: Y.Doc, other: Y.Doc) => void

const expectSamePage: Alike = (one, other) => expect(pageAsText(one)).toBe(pageAsText(other))

/**
 * Forged origins can make two readers order the same letters differently, and only a document could tell; what every
 * reader must have is all of the page, readable.
 */
export const expectSameLetters: Alike = (one, other) => {
  expect(Y.decodeStateVector(Y.encodeStateVector(one))).toEqual(Y.decodeStateVector(Y.encodeStateVector(other)))
  for (const doc of [one, other]) expect(pageAsText(doc)).toContain('still here')
}

/** Somebody who was here before, still writes and is still read. */
export const expectUndisturbed = async (
  service: Service,
  witness: Client,
  alike: Alike = expectSamePage,
): Promise<void> => {
  const words = `still here ${witness.sent} `
  witness.edit(words, (doc) => doc.getText('text').insert(0, words))
  await witness.settled()
  expect(witness.closings).toEqual([])
  const fresh = await readAfresh(service.collab, ROOM)
  expect(fresh.store.pendingStructs).toBeNull()
  expect(fresh.getText('text').toString()).toContain(words)
  alike(fresh, witness.doc)
}

/** The page loads in a service that is started anew, and its rows fold to it. */
export const expectLoadsAfterRestart = async (
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
