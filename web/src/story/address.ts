/** Which story the address names. */
import { nameFault } from '../../../shared/names.ts'

/** @returns null: none */
export const storyInAddress = (): string | null => {
  try {
    const story = decodeURIComponent(location.pathname.split('/')[2] ?? '')
    return nameFault(story) === null ? story : null
  } catch {
    // Not valid percent-encoding: no story has this address.
    return null
  }
}
