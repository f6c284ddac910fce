/** `scriptorium token`: mints a token with AUTH_JWT_SECRET, for trying things out and for scripts. */
import { parseArgs } from 'node:util'
import { mintToken } from '../server/access/mint.ts'
import { ROLES, type Role } from '../server/access.ts'
import { ConfigError } from '../server/config.ts'
import { loadConfig } from '../server/environment.ts'

const USAGE = `Usage: scriptorium token --sub <user> [--story <story>=<role>]… [--page <story>/<page>=<role>]… [--ttl 1h]

Prints a token signed with AUTH_JWT_SECRET; AUTH_ISSUER and AUTH_AUDIENCE go into it where they are set.

  --sub <user>     who it is for
  --story s=role   role on a story: none, read, write or manage; * stands for every other story
  --page s/p=role  role on one page
  --name <name>    what others see
  --admin          may do everything, and operate the service
  --ttl <time>     how long it lasts: 30s, 15m, 1h (default), 7d
  --json           {"token", "expires"} for machines
`

const OPTIONS = {
  sub: { type: 'string' },
  story: { type: 'string', multiple: true },
  page: { type: 'string', multiple: true },
  name: { type: 'string' },
  admin: { type: 'boolean' },
  ttl: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Runs the command; its exit code is 0 only when a token was printed. */
export const run = async (args: readonly string[]): Promise<void> => {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS })
    if (values.help) return void process.stdout.write(USAGE)
    if (values.sub === undefined || values.sub === '') throw new TypeError('--sub is missing: who is it for?')
    const { auth } = loadConfig(process.cwd(), process.env)
    if (auth.source?.kind !== 'secret') {
      throw new TypeError(
        auth.source === null
          ? 'set AUTH_JWT_SECRET (32 bytes or more), to what the service has: tokens are signed with it'
          : 'set AUTH_JWT_SECRET: with a key set, whoever holds its private keys mints its tokens',
      )
    }
    const now = Math.floor(Date.now() / 1000)
    const ttl = secondsOf(values.ttl ?? '1h')
    const token = await mintToken({
      secret: auth.source.secret,
      issuer: auth.issuer,
      audience: auth.audience,
      sub: values.sub,
      name: values.name ?? null,
      isAdmin: values.admin === true,
      stories: rolesOf('--story', values.story ?? []),
      pages: rolesOf('--page', values.page ?? []),
      now,
      ttl,
    })
    if (values.admin !== true && (values.story ?? values.page) === undefined) {
      process.stderr.write('token: it grants nothing: give --story, --page or --admin\n')
    }
    const expires = new Date((now + ttl) * 1000).toISOString()
    process.stdout.write(values.json ? `${JSON.stringify({ token, expires })}\n` : `${token}\n`)
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof ConfigError)) throw error
    process.stderr.write(`token: ${error.message}\n`)
    process.exitCode = error instanceof ConfigError ? 1 : 2
  }
}

const secondsOf = (given: string): number => {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(given) ?? []
  const seconds = Number(count) * (SECONDS[unit ?? ''] ?? Number.NaN)
  if (seconds > 0) return seconds
  throw new TypeError(`--ttl is '${given}': must be like 30s, 15m, 1h or 7d`)
}

const rolesOf = (option: string, given: readonly string[]): Record<string, Role> => {
  const roles = given.map((each): [string, Role] => {
    const at = each.lastIndexOf('=')
    const role = ROLES.find((known) => known === each.slice(at + 1))
    if (at > 0 && role !== undefined) return [each.slice(0, at), role]
    throw new TypeError(`${option} is '${each}': must be a name, = and one of ${ROLES.join(', ')}`)
  })
  return Object.fromEntries(roles)
}
