/** The stories of the service, newest first, and what this device remembers of them. */
import { askJson } from '../device/api.ts'
import { keep, recall } from '../device/kept.ts'

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

/** The stories as they were listed last on this device. */
export const remembered = (): readonly Card[] => recall<readonly Card[]>(KEY, [])

/** @throws ApiFault when the service does not answer, or not to this caller */
export const loadStories = async (): Promise<readonly Card[]> => {
  const cards: Card[] = []
  for (let after: string | null = ''; after !== null; ) {
    const query = { after }
    const page: { stories: Card[]; next: string | null } = await askJson(null, '/stories', { query })
    cards.push(...page.stories)
    after = page.next
  }
  cards.sort((one, other) => other.lastEdit.localeCompare(one.lastEdit))
  keep(KEY, cards)
  return cards
}
