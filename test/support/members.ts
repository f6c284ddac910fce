/** Who is on which page. */
import { call } from './api.ts'

/** For each page of a story that somebody is on in the process that answers, how many. */
export const membersHere = async (address: string, story: string): Promise<Map<string, number>> => {
  const { body } = await call(address, 'GET', `/admin/rooms?limit=1000&search=${encodeURIComponent(`${story}/`)}`)
  const rooms = body.rooms as { page: string; members: number; elsewhere: number }[]
  return new Map(
    rooms
      .filter(({ members, elsewhere }) => members > elsewhere)
      .map(({ page, members, elsewhere }) => [`${story}/${page}`, members - elsewhere]),
  )
}

/** For each page of a story how many are on it in all processes, as one of them says. */
export const membersOf = async (address: string, story: string): Promise<Map<string, number>> => {
  const { body } = await call(address, 'GET', `/stories/${encodeURIComponent(story)}`)
  const pages = body.pages as { id: string; members: number }[]
  return new Map(pages.map(({ id, members }) => [`${story}/${id}`, members]))
}
