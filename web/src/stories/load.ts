/** The stories of the service. */
import { askJson } from '../device/api.ts'
import { type Card, rememberAll } from '../device/shelf.ts'

/** As the service tells of it. */
interface Told extends Card {
  /** Pages as the editor shows them; null: the story has no list of its own. */
  readonly listed: number | null
}

/** @returns them newest first, with what this device alone has @throws ApiFault when the service does not answer, or not to this caller */
export const loadStories = async (): Promise<readonly Card[]> => {
  const cards: Card[] = []
  for (let after: string | null = ''; after !== null; ) {
    const query = { after }
    const page: { stories: Told[]; next: string | null } = await askJson(null, '/stories', { query })
    cards.push(...page.stories.map(({ listed, ...card }) => ({ ...card, pages: listed ?? card.pages })))
    after = page.next
  }
  return rememberAll(cards)
}
