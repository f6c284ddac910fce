/** How large a run is. */
import type { Options } from '../options.ts'

const QUICK = 0.1

/** A number of rooms, clients or bytes: a tenth of it in a quick run. */
export const sized = (full: number, { quick }: Options): number =>
  quick ? Math.max(2, Math.round(full * QUICK)) : full
