/** What a token grants: page beats story beats `*`. */
import { type PageName, STORY_PAGE } from '../../shared/names.ts'
import { ROLES, type Role } from '../access.ts'

const weaker = (one: Role, other: Role): Role => (ROLES.indexOf(one) < ROLES.indexOf(other) ? one : other)

/**
 * Reads the claims `stories` and `pages`.
 * @returns what they grant on a page
 * @throws Error naming what is wrong: a claim that is not understood must not be passed over
 */
export const readGrants = (stories: unknown, pages: unknown): ((page: PageName) => Role) => {
  const byStory = rolesOf('stories', stories)
  const byPage = rolesOf('pages', pages)
  for (const key of byPage.keys()) {
    if (key.split('/').length !== 2) throw new Error('pages names a page without its story')
  }
  return ({ story, page }) => {
    const onStory = byStory.get(story) ?? byStory.get('*') ?? 'none'
    const onPage = byPage.get(`${story}/${page}`)
    if (onPage === undefined) return onStory
    // A grant on a page gives no right to the story's own document.
    return page === STORY_PAGE ? weaker(onStory, onPage) : onPage
  }
}

const rolesOf = (claim: string, given: unknown): ReadonlyMap<string, Role> => {
  if (given === undefined) return new Map()
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new Error(`${claim} is not an object`)
  return new Map(
    Object.entries(given).map(([key, value]) => {
      const role = ROLES.find((known) => known === value)
      if (role === undefined) throw new Error(`${claim} grants what there is not: ${ROLES.join(', ')} are known`)
      return [key, role]
    }),
  )
}
