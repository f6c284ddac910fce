/** Figures and moments as the reader's language writes them. */
import { locale } from '../words/words.ts'

const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })

export const count = (value: number): string => (value < 10 ? number : whole).format(value)

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

export const bytes = (value: number): string => {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3))
  return `${number.format(value / 1000 ** power)} ${UNITS[power]}`
}

export const ms = (value: number | null): string => {
  if (value === null) return '–'
  return value >= 1000 ? `${number.format(value / 1000)} s` : `${number.format(value)} ms`
}

export const percent = (value: number): string => `${whole.format(value * 100)} %`

export const moment = (time: string | number): string =>
  new Date(time).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'medium' })

/** The time of day. */
export const clock = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleTimeString(locale, { timeStyle: 'medium' })
