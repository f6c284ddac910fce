/** Names of stories and pages, and the room that stands for a page. */

/** A page of a story. Its room id is `<story>/<page>`: neither name may hold a `/`. */
export interface PageName {
  readonly story: string
  readonly page: string
}

const MAX_BYTES = 128
const encoder = new TextEncoder()

/** Why `id` may not name a story or page, or null if it may. */
export const nameFault = (id: string): string | null => {
  if (id === '') return 'is empty'
  if (id === '.' || id === '..') return 'is . or ..'
  if (id.includes('/')) return 'contains /'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f-\u009f]/.test(id)) return 'contains a control character'
  if (!id.isWellFormed()) return 'is not valid Unicode'
  if (encoder.encode(id).length > MAX_BYTES) return `is longer than ${MAX_BYTES} bytes`
  return null
}

/** The page that is a story's own document: its title, its cover and the order of its pages. */
export const STORY_PAGE = '_story'

/** The room id of a page. */
export const roomIdOf = (name: PageName): string => `${name.story}/${name.page}`

/** The page that a room id stands for. */
export const pageOf = (roomId: string): PageName => {
  const at = roomId.indexOf('/')
  return { story: roomId.slice(0, at), page: roomId.slice(at + 1) }
}

/**
 * Reads `<story>/<page>` as it stands in a URL path, percent-decoded once.
 * @param path the two segments, without a leading slash
 * @returns the names, or what is wrong with them
 */
export const parsePagePath = (path: string): PageName | { readonly fault: string } => {
  const segments = path.split('/')
  if (segments.length !== 2) return { fault: 'the address must be /<story>/<page>' }
  const names: string[] = []
  for (const segment of segments) {
    let name: string
    try {
      name = decodeURIComponent(segment)
    } catch (error) {
      return { fault: `a name is not valid percent-encoding (${(error as Error).message})` }
    }
    const fault = nameFault(name)
    if (fault !== null) return { fault: `a name ${fault}` }
    names.push(name)
  }
  return { story: names[0] as string, page: names[1] as string }
}
