// @vitest-environment happy-dom
/** The words of the app and the console: every language says all of them, and nothing is said outside of their files. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CONSOLES } from '../../web/src/words/console.ts'
import { LANGUAGES } from '../../web/src/words/words.ts'

const WEB = join(import.meta.dirname, '../../web/src')
/** A sentence in the markup: letters that follow a tag or a line's beginning, and no code. */
const SAID = />\s*([A-Z][a-z]+[^<>{}=;()]*)<\/|\b(?:aria-label|placeholder|title|alt)="([A-Za-z][^"]*)"/g

/** The path of each word, and what it says: what a function is told does not matter to that. */
const sayings = (words: unknown, path = ''): [path: string, said: string][] => {
  if (typeof words === 'string') return [[path, words]]
  if (typeof words === 'function') {
    return [0, 1, 2].map((n) => [`${path}(${n})`, String(words(n, String(n), String(n), String(n)))])
  }
  if (typeof words !== 'object' || words === null) throw new Error(`${path} is no word`)
  return Object.entries(words).flatMap(([key, value]) => sayings(value, `${path}.${key}`))
}

/** The same in every language. */
const SAME = /^(Scriptorium|Deutsch|Token|in|Audit|.{0,3})$/

describe('the words', () => {
  const apps = Object.fromEntries(Object.entries(LANGUAGES).map(([code, { words }]) => [code, words]))
  it.each([
    ['the app', apps],
    ['the console', CONSOLES],
  ])('of %s are all there in every language', (_, spoken) => {
    expect(Object.keys(spoken).sort()).toEqual(Object.keys(LANGUAGES).sort())
    const english = sayings(spoken.en)
    expect(english.length).toBeGreaterThan(100)
    for (const [code, words] of Object.entries(spoken)) {
      const said = sayings(words)
      const paths = (all: readonly [string, string][]) => all.map(([path]) => path.replace(/\.guestNames\.\d+/, ''))
      expect(new Set(paths(said)), code).toEqual(new Set(paths(english)))
      expect(said.filter(([, text]) => text.trim() === '').map(([path]) => path)).toEqual([])
      if (code === 'en') continue
      const before = new Map(english)
      const copied = said.filter(([path, text]) => before.get(path) === text && !SAME.test(text))
      expect(copied.length, `of ${code} as in English: ${JSON.stringify(copied)}`).toBeLessThan(said.length / 20)
    }
  })

  it('stand in their files alone', () => {
    const found = readdirSync(WEB, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.tsx'))
      .flatMap((file) => {
        const lines = readFileSync(join(WEB, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
        return [...lines.matchAll(SAID)].map(([, text, attribute]) => `${file}: ${text ?? attribute}`)
      })
    expect(found).toEqual([])
  })
})
