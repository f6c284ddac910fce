/** What the service's words mean to an app. */
import { Close, type MemberState } from '../protocol.ts'
import type { PageState, Refused } from './state.ts'

/** What an app shows of what the caller may do. */
export const standingOf = ({ role, frozen, reason }: MemberState): Pick<PageState, 'role' | 'frozen' | 'readOnly'> => {
  const isBarred = role === 'read' || (frozen && role !== 'manage')
  return { role, frozen, readOnly: isBarred ? (reason ?? (frozen ? 'frozen' : 'read-only')) : null }
}

const DENIALS: ReadonlyMap<number, Refused['code']> = new Map([
  [Close.badMessage, 'invalid'],
  [Close.deleted, 'deleted'],
  [Close.replaced, 'replaced'],
  [Close.tooBig, 'too-large'],
  [Close.tooLarge, 'too-large'],
])

/** Why a page was not let be opened, by the code its socket was closed with. */
export const denialOf = (code: number): Refused['code'] => DENIALS.get(code) ?? 'denied'
