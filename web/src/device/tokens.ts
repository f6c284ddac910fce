/** Tokens as this device keeps them, brought by the fragment of a link. */
import { changeFragment, fragment } from './fragment.ts'
import { keep, recall } from './kept.ts'

/** Stories for which a token is kept; `*` stands for all others. */
type Tokens = Readonly<Record<string, string>>

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
