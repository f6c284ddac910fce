/** What the service's words mean to an app. */
import { Close, type MemberState } from '../protocol.ts'
import type { Refused } from './state.ts'

/** Why nothing can be written; null: it can. */
export const barOf = ({ role, frozen, reason }: MemberState): string | null => {
  const isBarred = role === 'read' || (frozen && role !== 'manage')
  return isBarred ? (reason ?? (frozen ? 'frozen' : 'read-only')) : null
}

const DENIALS: ReadonlyMap<number, Refused['code']> = new Map([
  [Close.badMessage, 'invalid'],
  [Close.deleted, 'deleted'],
  [Close.replaced, 'replaced'],
  [Close.tooLarge, 'too-large'],
])

/** Why a page was not let be opened, by the code its socket was closed with. */
export const denialOf = (code: number): Refused['code'] => DENIALS.get(code) ?? 'denied'
