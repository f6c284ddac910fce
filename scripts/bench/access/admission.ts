/** What it costs to let a keystroke in: reading, checking, ownership. */
import * as Y from 'yjs'
import { Content } from '../../../server/room/content.ts'
import { Owners } from '../../../server/room/owners.ts'

const KEYSTROKES = 100_000
const ROUNDS = 5
/** As often as a room that is typed in cuts its batches. */
const ON_A_BATCH = 10

const keystrokes = (): Uint8Array[] => {
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const text = doc.getText('text')
  for (let n = 0; n < KEYSTROKES; n++) {
    if (n % 7 === 6) text.delete(text.length - 1, 1)
    else text.insert(text.length, 'x')
  }
  return updates
}

/** Microseconds a keystroke, and of them those of ownership. */
export const measureAdmission = (): { readonly us: number; readonly ownershipUs: number } => {
  const updates = keystrokes()
  const round = (owned: boolean): number => {
    const content = new Content()
    const owners = new Owners<{ user: string }>()
    const ana = { user: 'ana' }
    const before = new Map<number, number>()
    const began = process.cpuUsage()
    for (let n = 0; n < updates.length; n++) {
      const taken = content.take(updates[n] as Uint8Array, 'live', owned ? owners.bringer(ana) : null, before)
      if (taken.kind !== 'new') throw new Error(`an honest keystroke was answered with ${taken.kind}`)
      if (n % ON_A_BATCH === 0) content.cut(String(n))
    }
    const { user, system } = process.cpuUsage(began)
    return (user + system) / updates.length
  }
  const best = (owned: boolean): number => Math.min(...Array.from({ length: ROUNDS }, () => round(owned)))
  const alone = best(false)
  const us = best(true)
  return { us, ownershipUs: us - alone }
}
