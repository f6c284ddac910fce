/** The types of a page's roots, as a row keeps them. */
import type { Roots } from '../../threads/page/roots.ts'

/** Those that `jsonb` can hold. A root may have any name; the type of one that is left out is inferred each time. */
export const storable = (roots: Roots): Roots =>
  Object.fromEntries(Object.entries(roots).filter(([name]) => name.isWellFormed() && !name.includes('\0')))
