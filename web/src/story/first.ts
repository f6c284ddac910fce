/** Which page a story began with when this device saw it last: it is opened before the story's own document says so. */
import { keep, recall } from '../device/kept.ts'

const keyOf = (story: string): string => `first:${story}`

/** @returns null: the device has not seen the story, or it had no page */
export const firstKept = (story: string): string | null => recall<string | null>(keyOf(story), null)

/** @param page null: the story has none */
export const keepFirst = (story: string, page: string | null): void => {
  if (firstKept(story) !== page) keep(keyOf(story), page)
}
