/** The browser of this machine, for tests and screenshots. */
import { existsSync } from 'node:fs'

const PATHS = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where Chromium is; null: this machine has none. */
export const chromiumPath = PATHS.find((path): path is string => path !== undefined && existsSync(path)) ?? null

/** Nothing that draws on a card, keeps a root user out, or calls home. */
export const CHROMIUM_ARGUMENTS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
