/** Which room the target of a request is about, as far as the first line tells. */
import { parsePagePath, roomIdOf } from '../../shared/names.ts'

const PAGE = /^\/(?:collab|api\/v1\/stories)\/([^/?#]+)\/(?:pages\/)?([^/?#]+)/
const STORY = /^\/api\/v1\/stories\/([^/?#]+)/
/** A target with the longest names, thrice as long by percent-encoding, and a token. */
const LONGEST_LINE = 16_384
/** The page that stands for a whole story. */
const STORY_PAGE = '_story'

const REQUEST_LINE = /^\s*\S+ (\S+) HTTP\/1/

/** The target of the request that begins with `head`, its first line at least; null: it begins otherwise. */
export const targetOf = (head: Buffer): string | null => {
  const start = head.toString('latin1', 0, Math.min(head.length, LONGEST_LINE))
  return REQUEST_LINE.exec(start)?.[1] ?? null
}

/** The room id of the page, or of the story's own page; null: it is about neither, and anybody may answer. */
export const roomOf = (target: string): string | null => {
  const isSocket = target.startsWith('/collab/')
  const page = PAGE.exec(target)
  if (page !== null && (isSocket || page[0].includes('/pages/'))) return named(`${page[1]}/${page[2]}`)
  const story = isSocket ? null : STORY.exec(target)
  return story === null ? null : named(`${story[1]}/${STORY_PAGE}`)
}

const named = (path: string): string | null => {
  const page = parsePagePath(path)
  return 'fault' in page ? null : roomIdOf(page)
}
