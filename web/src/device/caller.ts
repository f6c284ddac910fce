/**
 * Who writes here. With a token (brought by the fragment of a link, which no server ever sees) it says so; without one
 * the service is in open mode and takes whatever name somebody gives themselves.
 */
import { words } from '../words/words.ts'
import { keep, recall } from './kept.ts'
import { tokenFor } from './tokens.ts'

export interface Caller {
  /** null: open mode, or nobody gave one yet. */
  readonly token: string | null
  /** As the history names them. */
  readonly id: string
  readonly name: string
}

interface Claims {
  readonly sub?: string
  readonly name?: string
}

/** Who writes in a story. */
export const callerFor = (story: string | null): Caller => {
  const token = tokenFor(story)
  const { sub, name } = token === null ? {} : claimsOf(token)
  if (sub !== undefined) return { token, id: sub, name: name ?? sub }
  const guest = guestName()
  return { token, id: guest, name: guest }
}

/** Letters of a name, so that it stays below the 128 bytes the service takes. */
export const LONGEST_NAME = 30

/** Takes another name, where no token says one. */
export const callMe = (name: string): void => keep('name', [...name.trim()].slice(0, LONGEST_NAME).join(''))

const guestName = (): string => {
  const kept = recall('name', '')
  if (kept !== '') return kept
  const names = words.guestNames
  const name = names[Math.floor(Math.random() * names.length)] as string
  callMe(name)
  return name
}

/** What a token says of its bearer; the service alone judges whether it is true. */
const claimsOf = (token: string): Claims => {
  try {
    const bytes = Uint8Array.from(atob((token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/')), (letter) =>
      letter.charCodeAt(0),
    )
    return JSON.parse(new TextDecoder().decode(bytes)) as Claims
  } catch {
    // Not a JWT: the application's backend reads it, not the app.
    return {}
  }
}
