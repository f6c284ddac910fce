/** The list of settings says what the code reads, and the documents say what is in the list. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readConfig } from '../../server/config.ts'
import { helpOf, settingsHelp, settingsTable } from '../../server/config-help.ts'
import { SETTINGS } from '../../server/config-settings.ts'

const ROOT = join(import.meta.dirname, '../..')
const all = SETTINGS.flatMap(({ settings }) => settings)

it('the list has just those settings that are read', () => {
  const read = new Set<string>()
  const env = new Proxy({} as Record<string, string | undefined>, {
    get: (_, name) => {
      read.add(String(name))
      return undefined
    },
  })
  readConfig(env)
  expect(all.map(({ name }) => name).sort()).toEqual([...read].sort())
})

it('its defaults are those that hold where nothing is set', () => {
  const given = all.flatMap(({ name, value }) => (value === null ? [] : [[name, value]]))
  expect(readConfig(Object.fromEntries(given))).toEqual(readConfig({}))
  for (const { name, value } of all) {
    if (value === null) continue
    const other =
      value === 'on' ? 'off' : value === 'true' ? 'false' : /^\d+$/.test(value) ? `${Number(value) + 1}` : null
    const needs: Record<string, string> = name === 'WORKERS' ? { DATABASE_URL: 'postgres://db' } : {}
    if (other !== null) expect(readConfig({ ...needs, [name]: other }), name).not.toEqual(readConfig(needs))
  }
})

it('the table of the README is made of it', () => {
  expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain(settingsTable(all))
})

it('the help names each, its default and what it means, in lines of a terminal', () => {
  const lines = settingsHelp().split('\n')
  for (const setting of all) {
    const at = lines.findIndex((line) => line.startsWith(`  ${setting.name} `))
    const rest = lines.slice(at + 1).findIndex((line) => !line.startsWith('   '))
    const said = lines
      .slice(at, at + 1 + rest)
      .join(' ')
      .replace(/\s+/g, ' ')
    expect(said).toBe(` ${setting.name} ${helpOf(setting)}`)
  }
  expect(lines.filter((line) => line.length > 100)).toEqual([])
})
