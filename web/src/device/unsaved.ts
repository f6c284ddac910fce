/** Which pages of a story hold something on this device that is not saved. */
import { keep, recall } from './kept.ts'

const keyOf = (story: string): string => `unsaved:${story}`

export const unsavedPages = (story: string): readonly string[] => recall<readonly string[]>(keyOf(story), [])

export const keepUnsaved = (story: string, pages: Iterable<string>): void => keep(keyOf(story), [...pages])
