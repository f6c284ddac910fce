/** Automatic versions of the pages that are being worked on. */
import type { Clock, Logger } from '../../ports.ts'
import type { Archive } from './archive.ts'

export interface AutomaticParts {
  readonly archive: Pick<Archive, 'keepAutomatic'>
  readonly clock: Clock
  readonly logger: Logger
  /** Pages that are open. */
  readonly pages: () => readonly string[]
  /** Least time between two of a page; 0: none are kept. */
  readonly minutes: number
}

/** A page may be this much late. */
const LOOK_MS = 60_000

/** Keeps versions until it is stopped. @returns how to stop it; resolves when it is at rest */
export const keepVersions = ({ archive, clock, logger, pages, minutes }: AutomaticParts): (() => Promise<void>) => {
  let cancel: () => void = () => undefined
  let isStopped = minutes === 0
  let looking: Promise<void> = Promise.resolve()
  const look = async () => {
    try {
      await archive.keepAutomatic(pages(), minutes * 60)
    } catch (error) {
      logger.warn({ error: String(error) }, 'automatic versions were not kept; the next look repairs it')
    }
  }
  const later = () => {
    if (isStopped) return
    cancel = clock.after(LOOK_MS, () => {
      looking = look().finally(later)
    })
  }
  later()
  return async () => {
    isStopped = true
    cancel()
    await looking
  }
}
