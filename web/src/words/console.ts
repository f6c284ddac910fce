/** The words of the console, in the reader's language. */
import { type ConsoleWords, english } from './console-english.ts'
import { german } from './console-german.ts'
import { language } from './words.ts'

/** By the code of each language that the app speaks. */
export const CONSOLES: Readonly<Record<string, ConsoleWords>> = { en: english, de: german }

export const words: ConsoleWords = CONSOLES[language] ?? english
