/** What managers and operators may do about rights and people. */
import type { Role, Scope } from '../access.ts'
import type { Query } from '../database/port.ts'
import type { Clock, Random } from '../ports.ts'
import type { Changes } from './changes.ts'
import { forgetPerson } from './forget.ts'
import { subjectOf } from './standing.ts'

export interface ManagersParts {
  readonly changes: Pick<Changes, 'make'>
  readonly database: Query
  readonly clock: Clock
  readonly random: Random
}

export interface Managers {
  freeze(scope: Scope, isFrozen: boolean, reason: string | null): Promise<{ readonly silent: number }>
  revoke(user: string, scope: Scope | null, role: Role): Promise<{ readonly silent: number }>
  forget(user: string): Promise<{ readonly opaque: string; readonly replaced: number }>
}

/** What the person wrote just before may be on its way to the database for as long. */
const SETTLING_MS = 1000

export const createManagers = ({ changes, database, clock, random }: ManagersParts): Managers => {
  const revoke: Managers['revoke'] = (user, scope, role) =>
    changes.make({
      kind: 'grant',
      subject: subjectOf(user),
      story: scope?.story ?? '',
      page: scope?.page ?? '',
      value: role,
      reason: null,
    })
  return {
    revoke,
    freeze: ({ story, page }, isFrozen, reason) =>
      changes.make({ kind: 'freeze', subject: '', story, page: page ?? '', value: isFrozen ? 'on' : 'off', reason }),
    forget: async (user) => {
      const opaque = `forgotten-${random.uuid()}`
      await revoke(user, null, 'none')
      let replaced = await forgetPerson(database, user, opaque)
      await new Promise<void>((resolve) => clock.after(SETTLING_MS, resolve))
      replaced += await forgetPerson(database, user, opaque)
      return { opaque, replaced }
    },
  }
}
