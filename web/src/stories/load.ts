/** The stories of the service, newest first, and what this device remembers of them. */
import { askJson, pathOf } from '../device/api.ts'
import { keep, recall } from '../device/kept.ts'

export interface Card {
  readonly story: string
  readonly title: string
  readonly cover: string | null
  readonly pages: number
  readonly lastEdit: string
}

interface Listed {
  readonly story: string
  readonly pages: number
  readonly lastEdit: string
}

const KEY = 'stories'
const MOST_AT_ONCE = 6

/** The stories as they were listed last on this device. */
export const remembered = (): readonly Card[] => recall<readonly Card[]>(KEY, [])

/**
 * Asks for the stories, and for the title and cover of each that changed since.
 * @param told hears of the list as it becomes complete
 * @throws ApiFault when the service does not answer, or not to this caller
 */
export const loadStories = async (told: (cards: readonly Card[]) => void): Promise<void> => {
  const known = new Map(remembered().map((card) => [card.story, card]))
  const listed: Listed[] = []
  for (let after: string | null = ''; after !== null; ) {
    const query = { after }
    const page: { stories: Listed[]; next: string | null } = await askJson(null, '/stories', { query })
    listed.push(...page.stories)
    after = page.next
  }
  listed.sort((one, other) => other.lastEdit.localeCompare(one.lastEdit))
  const cards = listed.map((each): Card => {
    const { title, cover } = known.get(each.story) ?? { title: '', cover: null }
    return { ...each, title, cover, pages: each.pages }
  })
  const tell = () => {
    keep(KEY, cards)
    told([...cards])
  }
  tell()
  const stale = cards.flatMap((card, at) => (known.get(card.story)?.lastEdit === card.lastEdit ? [] : [at]))
  const work = async (): Promise<void> => {
    for (let at = stale.shift(); at !== undefined; at = stale.shift()) {
      cards[at] = { ...(cards[at] as Card), ...(await headOf((cards[at] as Card).story)) }
      tell()
    }
  }
  await Promise.all(Array.from({ length: MOST_AT_ONCE }, work))
}

/** A story that another client wrote may have no document of its own. */
const headOf = async (story: string): Promise<Partial<Card>> => {
  try {
    const head = await askJson<{ story?: { title?: string; cover?: string }; pages?: readonly unknown[] }>(
      story,
      pathOf(story, '_story'),
      { query: { roots: 'story:map,pages:array' } },
    )
    const { title = '', cover = null } = head.story ?? {}
    return { title, cover, ...(head.pages === undefined ? {} : { pages: head.pages.length }) }
  } catch {
    // Its name and its last edit are known all the same.
    return {}
  }
}
