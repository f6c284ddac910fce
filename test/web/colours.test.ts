/** The colours of those who are here. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { chosen, coloursOf, type Worn } from '../../web/src/story/colours.ts'
import { COLOURS, ownColourOf } from '../../web/src/ui/person.tsx'
import { chromiumPath, openBrowser, opened, type Person, pageIn, somebody, type } from '../support/browser.ts'
import { seededRandom } from '../support/random.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

const newcomer = (id: string): Worn => ({ id, colour: ownColourOf(id), turn: null })

/** Everybody looks at the others, in an order of `random`, until nobody changes. */
const settled = (people: Worn[], random: ReturnType<typeof seededRandom>): Worn[] => {
  for (let rounds = 0; ; rounds++) {
    if (rounds > 20) throw new Error(`they go on changing: ${JSON.stringify(people)}`)
    const before = JSON.stringify(people)
    const order = people.map((_, at) => at).sort(() => random.below(3) - 1)
    for (const at of order) {
      const others = people.filter((_, other) => other !== at)
      people[at] = chosen(people[at] as Worn, others)
    }
    if (JSON.stringify(people) === before) return people
  }
}

describe('colours', () => {
  it('differ as far as there are some, and nobody who is there changes for somebody who comes', () => {
    const random = seededRandom()
    for (let round = 0; round < 200; round++) {
      let here: Worn[] = []
      for (let n = 0; n < COLOURS; n++) {
        const before = here.map(({ colour }) => colour)
        const foreseen = coloursOf([...here, newcomer(`p${round}/${n}`)]).get(`p${round}/${n}`)
        here = settled([...here, newcomer(`p${round}/${n}`)], random)
        expect(here.slice(0, n).map(({ colour }) => colour)).toEqual(before)
        expect(here[n]?.colour).toBe(foreseen)
        expect(new Set(here.map(({ colour }) => colour)).size).toBe(n + 1)
        if (n > 1 && random.chance(0.2)) here = here.filter((_, at) => at !== 0 || here.length < 2)
        if (here.length <= n) break
      }
      expect(settled([...here, newcomer('last')], random)).toHaveLength(here.length + 1)
    }
  })

  it('differ for those who come in one moment, and are one for all windows of a person', () => {
    const random = seededRandom()
    for (let round = 0; round < 200; round++) {
      const ids = Array.from({ length: COLOURS }, (_, n) => `${round}-${n}`)
      // Each knows of nobody when they choose.
      const alone = ids.map((id) => chosen(newcomer(id), []))
      expect(new Set(settled(alone, random).map(({ colour }) => colour)).size).toBe(COLOURS)
      const [first] = settled([...alone, newcomer(ids[3] as string)], random).slice(3)
      expect(settled([first as Worn, newcomer(ids[3] as string)], random)[1]).toEqual(first)
    }
  })
})

/** Names that would have one colour. */
const alike = (): string[] => {
  const names = Array.from({ length: 200 }, (_, n) => `Guest ${n}`)
  return names.filter((name) => ownColourOf(name) === ownColourOf('Guest 0')).slice(0, 3)
}

const coloursIn = async (page: Page): Promise<Record<string, string>> =>
  page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll<HTMLElement>('.faces .avatar, .caret')].map((each) => [
        `${each.classList[0]} ${each.title || each.querySelector('.caret-name')?.textContent}`,
        each.dataset.person ?? '',
      ]),
    ),
  )

describe.skipIf(chromiumPath === null)('people with names of one colour', { timeout: 120_000 }, () => {
  it('wear others, the same in every window, on faces and cursors', async () => {
    const service = await startService((await anyPostgres().open()).env)
    const browser = await openBrowser()
    const names = alike()
    expect(names).toHaveLength(3)
    const people: Person[] = []
    for (const name of names) {
      const url: string = people[0] === undefined ? `${service.address}/s/fox#new=Fox` : people[0].page.url()
      const person = await somebody(browser, url, { name })
      await opened(person.page)
      await type(person.page, `${name} was here. `)
      people.push(person)
    }
    for (const { page } of people) expect(pageIn(page)).toBe(pageIn(people[0]?.page as Page))
    const seen: Record<string, string>[] | null = await until('everybody to see the others', async () => {
      const all = await Promise.all(people.map(({ page }) => coloursIn(page)))
      return all.every((each) => Object.keys(each).length === 4) ? all : null
    })
    const byName = new Map<string, Set<string>>()
    for (const each of seen ?? []) {
      for (const [what, colour] of Object.entries(each)) {
        const name = what.replace(/^\S+ /, '')
        byName.set(name, (byName.get(name) ?? new Set()).add(colour))
      }
    }
    expect([...byName.values()].map(({ size }) => size)).toEqual([1, 1, 1])
    expect(new Set([...byName.values()].flatMap((each) => [...each])).size).toBe(3)
    expect(byName.get(names[0] as string)).toEqual(new Set([String(ownColourOf(names[0] as string))]))
    expect(people.flatMap(({ faults }) => faults)).toEqual([])
    await service.stop()
  })
})
