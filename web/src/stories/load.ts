/** The stories of the service. */
import { askJson } from '../device/api.ts'
import { type Card, rememberAll } from '../device/shelf.ts'

/** @returns them newest first, with what this device alone has @throws ApiFault when the service does not answer, or not to this caller */
export const loadStories = async (): Promise<readonly Card[]> => {
  const cards: Card[] = []
  for (let after: string | null = ''; after !== null; ) {
    const query = { after }
    const page: { stories: Card[]; next: string | null } = await askJson(null, '/stories', { query })
    cards.push(...page.stories)
    after = page.next
  }
  return rememberAll(cards)
}
