/** Settings of access: who may come in, and who says so. */
import { isLoopback } from './loopback.ts'

/** How a token is verified; null: by nobody, it is the business of the callback alone. */
export type TokenSource =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'jwks-url'; readonly url: string }
  | { readonly kind: 'jwks-file'; readonly path: string }

export interface AuthConfig {
  readonly source: TokenSource | null
  /** Claims that a token must carry; null: any. */
  readonly issuer: string | null
  readonly audience: string | null
  /** Asked for permission instead of the grants of tokens. */
  readonly callback: { readonly url: string; readonly secret: string } | null
  /** Whether readers are seen by the others. */
  readonly readerPresence: boolean
}

const SECRET_BYTES = 32

type Environment = Readonly<Record<string, string | undefined>>
type Text = (name: string, fallback: string) => string

/**
 * Reads the settings that begin with `AUTH_`.
 * @param text gives a setting, or the fallback where it is not set
 * @param faults gets a sentence for each that cannot be used; none of them holds a secret
 */
export const readAuth = (env: Environment, text: Text, faults: string[]): AuthConfig => {
  for (const [name, value] of Object.entries(env)) {
    // A secret that came out empty by mistake would be an open door.
    if (/^AUTH_/.test(name) && value?.trim() === '')
      faults.push(`${name} is set and empty: unset it, or give it a value`)
  }
  const source = tokenSource(text, faults)
  const callback = callbackOf(text, faults)
  const issuer = text('AUTH_ISSUER', '') || null
  const audience = text('AUTH_AUDIENCE', '') || null
  if (source === null && (issuer ?? audience) !== null) {
    faults.push('AUTH_ISSUER and AUTH_AUDIENCE need AUTH_JWT_SECRET, AUTH_JWKS_URL or AUTH_JWKS_FILE beside them')
  }
  const shown = text('AUTH_READER_PRESENCE', 'true')
  if (shown !== 'true' && shown !== 'false') faults.push(`AUTH_READER_PRESENCE is '${shown}': must be true or false`)
  return { source, issuer, audience, callback, readerPresence: shown !== 'false' }
}

/**
 * Whether everybody may do everything.
 * @param faults gets a sentence where that is not meant, or not safe
 */
export const readOpenMode = (auth: AuthConfig, given: string, host: string, faults: string[]): boolean => {
  if (given !== '' && given !== 'open') faults.push(`AUTH is '${given}': must be 'open' or unset`)
  if (auth.source !== null || auth.callback !== null) {
    if (given === 'open') faults.push('AUTH=open lets everybody do everything: unset it, or what verifies tokens')
    return false
  }
  if (given === '' && !isLoopback(host)) {
    faults.push(
      `HOST is '${host}', which others can reach, and without AUTH_JWT_SECRET, AUTH_JWKS_URL, AUTH_JWKS_FILE or AUTH_CALLBACK_URL every caller may do everything: set one of them, or AUTH=open if that is meant, or HOST=127.0.0.1`,
    )
  }
  return true
}

const tokenSource = (text: Text, faults: string[]): TokenSource | null => {
  const secret = text('AUTH_JWT_SECRET', '')
  const url = text('AUTH_JWKS_URL', '')
  const path = text('AUTH_JWKS_FILE', '')
  if ([secret, url, path].filter((value) => value !== '').length > 1) {
    faults.push('AUTH_JWT_SECRET, AUTH_JWKS_URL and AUTH_JWKS_FILE exclude one another: set one')
  }
  if (secret !== '') {
    if (isShort(secret)) faults.push(`AUTH_JWT_SECRET is shorter than ${SECRET_BYTES} bytes`)
    return { kind: 'secret', secret }
  }
  if (url !== '') {
    webAddress('AUTH_JWKS_URL', url, faults)
    return { kind: 'jwks-url', url }
  }
  return path === '' ? null : { kind: 'jwks-file', path }
}

const callbackOf = (text: Text, faults: string[]): AuthConfig['callback'] => {
  const url = text('AUTH_CALLBACK_URL', '')
  const secret = text('AUTH_CALLBACK_SECRET', '')
  if (url === '' && secret === '') return null
  if (url === '') faults.push('AUTH_CALLBACK_SECRET needs AUTH_CALLBACK_URL beside it')
  else webAddress('AUTH_CALLBACK_URL', url, faults)
  if (secret === '') faults.push('AUTH_CALLBACK_URL needs AUTH_CALLBACK_SECRET beside it: requests are signed with it')
  else if (isShort(secret)) faults.push(`AUTH_CALLBACK_SECRET is shorter than ${SECRET_BYTES} bytes`)
  return { url, secret }
}

const isShort = (secret: string): boolean => new TextEncoder().encode(secret).length < SECRET_BYTES

const webAddress = (name: string, given: string, faults: string[]): void => {
  const url = URL.canParse(given) ? new URL(given) : null
  if (url?.protocol === 'https:' || url?.protocol === 'http:') {
    if (url.username !== '' || url.password !== '') faults.push(`${name} must not hold a user or password`)
  } else faults.push(`${name} must be an address such as https://app.example/path`)
}
