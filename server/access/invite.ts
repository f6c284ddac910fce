/** Signs the tokens of people who are invited to a story, where this service holds the secret. */
import type { AuthConfig } from '../config-auth.ts'
import type { Clock, Random } from '../ports.ts'
import { mintToken } from './mint.ts'

export interface Invited {
  readonly story: string
  readonly name: string
  readonly role: 'read' | 'write'
  /** For how long, in seconds. */
  readonly seconds: number
}

export interface Invitation {
  readonly token: string
  /** As the history will name them. */
  readonly user: string
  readonly expires: string
}

export type Invite = (invited: Invited) => Promise<Invitation>

/** @returns null where tokens are signed elsewhere, or none is needed */
export const inviter = (auth: AuthConfig, clock: Clock, random: Random): Invite | null => {
  const { source, issuer, audience } = auth
  if (source?.kind !== 'secret') return null
  return async ({ story, name, role, seconds }) => {
    const user = `guest-${random.uuid()}`
    const now = Math.floor(clock.now() / 1000)
    const token = await mintToken({
      secret: source.secret,
      issuer,
      audience,
      sub: user,
      name,
      isAdmin: false,
      stories: { [story]: role },
      pages: {},
      now,
      ttl: seconds,
    })
    return { token, user, expires: new Date((now + seconds) * 1000).toISOString() }
  }
}
