/** Gathers the settings of this process: `.env`, the real environment, and the file that DATABASE_CA names. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { readProxies } from './address.ts'
import { type Config, ConfigError, type Environment, readConfig } from './config.ts'

/**
 * The settings as they stand: what `.env` in `folder` says, unless `env` says otherwise.
 * @returns a Config whose `databaseCa` is PEM text and whose `dataDir` is absolute
 * @throws ConfigError
 */
export const loadConfig = (folder: string, env: Environment): Config => {
  const config = readConfig({ ...dotEnv(resolve(folder, '.env')), ...env })
  checkProxies(config.trustedProxies)
  return { ...config, dataDir: resolve(folder, config.dataDir), databaseCa: pem(folder, config.databaseCa) }
}

const checkProxies = (entries: readonly string[]): void => {
  try {
    readProxies(entries)
  } catch (error) {
    throw new ConfigError([(error as Error).message])
  }
}

const dotEnv = (path: string): Environment => {
  try {
    return parseEnv(readFileSync(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new ConfigError([`.env cannot be read (${(error as Error).message})`])
  }
}

const pem = (folder: string, given: string | null): string | null => {
  if (given === null || given.startsWith('-----BEGIN')) return given
  try {
    return readFileSync(resolve(folder, given), 'utf8')
  } catch (error) {
    throw new ConfigError([`DATABASE_CA cannot be read (${(error as Error).message})`])
  }
}
