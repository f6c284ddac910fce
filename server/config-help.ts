/** The settings as `serve --help` and the README show them. */
import { defaultOf, SETTINGS, type Setting } from './config-settings.ts'

const COLUMNS = 100

/** Text for a terminal: a name, its default, and below it what it means. */
export const settingsHelp = (): string =>
  SETTINGS.map(({ title, settings }) => `${title}:\n${settings.map(lineOf).join('\n')}\n`).join('\n')

/** What a setting means, and its default behind that. */
export const helpOf = (setting: Setting): string => {
  const { value, unset, meaning } = setting
  return value === null && unset === undefined ? meaning : `${meaning} [${defaultOf(setting)}]`
}

const INDENT = 26

const lineOf = (setting: Setting): string => {
  const words = helpOf(setting).split(' ')
  const lines = ['']
  for (const word of words) {
    const last = lines.at(-1) ?? ''
    if (last !== '' && INDENT + last.length + word.length + 1 > COLUMNS) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return `  ${setting.name.padEnd(INDENT - 2)}${lines.join(`\n${' '.repeat(INDENT)}`)}`
}

/** A row of a table in Markdown, of each setting. */
export const settingsTable = (settings: readonly Setting[]): string => {
  const rows = settings.map((setting) => [`\`${setting.name}\``, shown(setting), coded(setting.meaning)])
  const all = [['name', 'default', 'meaning'], ...rows]
  const widths = [0, 1, 2].map((at) => Math.max(...all.map((row) => row[at]?.length ?? 0)))
  const drawn = (row: readonly string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  const [head = [], ...rest] = all
  return [drawn(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest.map(drawn)].join('\n')
}

const shown = (setting: Setting): string =>
  setting.value === null && !/^[A-Z_]+$/.test(setting.unset ?? '') ? defaultOf(setting) : `\`${defaultOf(setting)}\``

/** Names and values as code. */
const coded = (words: string): string => words.replace(/\b[A-Z]+(_[A-Z]+)+\b|\bX-Forwarded-For\b/g, '`$&`')
