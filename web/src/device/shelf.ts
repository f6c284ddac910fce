/** The stories that this device can list without a network. */
import { keep, recall } from './kept.ts'
import { unsavedPages } from './unsaved.ts'

export interface Card {
  readonly story: string
  /** Empty where nobody gave one. */
  readonly title: string
  /** sha256 of a picture; null: there is none. */
  readonly cover: string | null
  readonly pages: number
  readonly lastEdit: string
}

const KEY = 'stories'

/** Those of the last list, and those that were opened since; newest first. */
export const remembered = (): readonly Card[] => recall<readonly Card[]>(KEY, [])

const keepSorted = (cards: readonly Card[]): readonly Card[] => {
  const sorted = [...cards].sort((one, other) => other.lastEdit.localeCompare(one.lastEdit))
  keep(KEY, sorted)
  return sorted
}

/** Keeps the list of the service. @returns it, with what only this device knows of yet */
export const rememberAll = (listed: readonly Card[]): readonly Card[] => {
  const known = new Set(listed.map(({ story }) => story))
  const own = remembered().filter(({ story }) => !known.has(story) && unsavedPages(story).length > 0)
  return keepSorted([...listed, ...own])
}

/** Keeps a story that is open here: one that was begun without a network is found again. */
export const remember = (open: Omit<Card, 'lastEdit'>): void => {
  const cards = remembered()
  const before = cards.find(({ story }) => story === open.story)
  const others = cards.filter((card) => card !== before)
  keepSorted([...others, { ...open, lastEdit: before?.lastEdit ?? new Date().toISOString() }])
}
