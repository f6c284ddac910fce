/** Which room the target of a request is about, as far as its first line tells. */
import { parsePagePath, roomIdOf, STORY_PAGE } from '../../shared/names.ts'

const TARGET = /^\s*\S+ (\S+)/
/** The longest path of a page is shorter, percent-encoded throughout; a token behind it says nothing of the room. */
const ENOUGH = 2048

const SOCKET = /^\/collab\/([^/?#]+\/[^/?#]+)(?:[?#]|$)/
const PAGE = /^\/api\/v1\/stories\/([^/?#]+)\/pages\/([^/?#]+)/
/** How operators see a page, and what they do to it. */
const OPERATED = /^\/api\/v1\/admin\/rooms\/([^/?#]+)\/([^/?#]+)/
const STORY = /^\/api\/v1\/stories\/([^/?#]+)/
/** The target of the request that begins with `head`, cut where it is long; null: that is no request. */
export const targetOf = (head: Buffer): string | null =>
  TARGET.exec(head.toString('latin1', 0, Math.min(head.length, ENOUGH)))?.[1] ?? null

/** The room id of the page, or of the story's own page; null: it is about neither, and anybody may answer. */
export const roomOf = (target: string): string | null => {
  const socket = SOCKET.exec(target)
  if (socket !== null) return named(socket[1] as string)
  const page = PAGE.exec(target) ?? OPERATED.exec(target)
  if (page !== null) return named(`${page[1]}/${page[2]}`)
  const story = STORY.exec(target)
  return story === null ? null : named(`${story[1]}/${STORY_PAGE}`)
}

const named = (path: string): string | null => {
  const page = parsePagePath(path)
  return 'fault' in page ? null : roomIdOf(page)
}
