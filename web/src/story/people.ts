/** Who else has the story open, and on which page. */
import type { Provider } from '../../../shared/provider/provider.ts'
import { usePeople } from '../../../shared/react/react.ts'
import type { Face } from '../ui/person.tsx'
import { words } from '../words/words.ts'

export interface Companion extends Face {
  /** null: none. */
  readonly page: string | null
}

/** Everybody else, each once however many windows they have. */
export const useCompany = (index: Provider): readonly Companion[] => {
  const people = usePeople(index)
  const mine = index.awareness.getLocalState()?.user as Partial<Face> | undefined
  const company = new Map<string, Companion>()
  for (const { clientId, user, page } of people) {
    const { id, name } = (typeof user === 'object' && user !== null ? user : {}) as Partial<Face>
    const key = id ?? name ?? String(clientId)
    if (key === mine?.id) continue
    company.set(key, { id: key, name: name ?? words.somebody, page: typeof page === 'string' ? page : null })
  }
  return [...company.values()]
}

/** The same people by page. */
export const peopleByPage = (company: readonly Companion[]): ReadonlyMap<string, readonly Face[]> => {
  const pages = new Map<string, Face[]>()
  for (const person of company) {
    if (person.page !== null) pages.set(person.page, [...(pages.get(person.page) ?? []), person])
  }
  return pages
}
