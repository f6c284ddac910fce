/** The words in the reader's language. */
import { keep, recall } from '../device/kept.ts'
import { english, type Words } from './english.ts'
import { german } from './german.ts'

/** Languages by their code, each named as its speakers name it. */
export const LANGUAGES: Readonly<Record<string, { readonly name: string; readonly words: Words }>> = {
  en: { name: 'English', words: english },
  de: { name: 'Deutsch', words: german },
}

const wanted = [recall('language', ''), ...navigator.languages.map((tag) => tag.slice(0, 2))]

/** The code of the language in use. */
export const language = wanted.find((code) => code in LANGUAGES) ?? 'en'
/** The language as its reader sets it: an American and a Briton write the same day in two ways. */
export const locale = navigator.languages.find((tag) => tag.slice(0, 2) === language) ?? language
export const words: Words = LANGUAGES[language]?.words ?? english

document.documentElement.lang = language

/** Speaks another language from the next page on; this one is opened anew. */
export const speak = (code: string): void => {
  keep('language', code)
  location.reload()
}

/** A moment as people say it: “2 hours ago”, or the date. */
export const ago = (time: string | number | Date): string => {
  const seconds = (new Date(time).getTime() - Date.now()) / 1000
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'long' })
  const steps = [
    ['second', 60, 60],
    ['minute', 60, 3600],
    ['hour', 3600, 86_400],
    ['day', 86_400, 7 * 86_400],
  ] as const
  for (const [unit, size, end] of steps) {
    if (Math.abs(seconds) < end) return relative.format(Math.round(seconds / size), unit)
  }
  return new Date(time).toLocaleDateString(locale, { dateStyle: 'medium' })
}

/** A moment to the minute. */
export const moment = (time: string | number | Date): string =>
  new Date(time).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' })
