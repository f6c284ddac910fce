/**
 * Who writes here. With a token (brought by the fragment of a link, which no server ever sees) it says so; without one
 * the service is in open mode and takes whatever name somebody gives themselves.
 */
import { words } from '../words/words.ts'
import { keep, recall } from './kept.ts'

export interface Caller {
  /** null: open mode, or nobody gave one yet. */
  readonly token: string | null
  /** As the history names them. */
  readonly id: string
  readonly name: string
}

/** Stories for which a token is kept; `*` stands for all others. */
type Tokens = Readonly<Record<string, string>>

interface Claims {
  readonly sub?: string
  readonly name?: string
}

/** What the address says after `#`. */
export const fragment = (): URLSearchParams => new URLSearchParams(location.hash.slice(1))

/** Puts `changes` into the address; null takes away. @param isStep whether going back leads to the address before */
export const changeFragment = (changes: Readonly<Record<string, string | null>>, isStep: boolean): void => {
  const params = fragment()
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) params.delete(key)
    else params.set(key, value)
  }
  const hash = params.toString()
  const address = `${location.pathname}${hash === '' ? '' : `#${hash}`}`
  if (isStep) history.pushState(null, '', address)
  else history.replaceState(null, '', address)
}

/** Keeps the token that a link brought, and takes it out of the address. @param story null: for all */
export const takeToken = (story: string | null): void => {
  const token = fragment().get('token')
  if (token === null) return
  keepToken(story, token)
  changeFragment({ token: null }, false)
}

/** Keeps a token for a story, or for all. */
export const keepToken = (story: string | null, token: string): void =>
  keep('tokens', { ...recall<Tokens>('tokens', {}), [story ?? '*']: token })

/** The token in a pasted link, or the pasted text itself. */
export const tokenIn = (pasted: string): string => {
  const text = pasted.trim()
  return new URLSearchParams(text.slice(text.indexOf('#') + 1)).get('token') ?? text
}

/** The token for a story, as it is kept now. */
export const tokenFor = (story: string | null): string | null => {
  const tokens = recall<Tokens>('tokens', {})
  return (story === null ? undefined : tokens[story]) ?? tokens['*'] ?? null
}

/** Who writes in a story. */
export const callerFor = (story: string | null): Caller => {
  const token = tokenFor(story)
  const { sub, name } = token === null ? {} : claimsOf(token)
  if (sub !== undefined) return { token, id: sub, name: name ?? sub }
  const guest = guestName()
  return { token, id: guest, name: guest }
}

/** Takes another name, where no token says one. */
export const callMe = (name: string): void => keep('name', name.trim().slice(0, 60))

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
