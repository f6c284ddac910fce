/** The row that a page has come to, by a name that a device gives back. A seq alone may be given to another row. */
import type { PageHead } from '../log/archive/known.ts'

export const LONGEST_ROW = 40

const ROW = /^\d+\.([0-9a-z]+)$/
const RADIX = 36

/** The name of a page's last row. */
export const rowOf = ({ at, epoch }: PageHead): string => `${epoch}.${at.toString(RADIX)}`

/** When the row of that name was written; 0: the name does not say. */
export const writtenAt = (row: string | undefined): number => {
  const at = Number.parseInt(ROW.exec(row ?? '')?.[1] ?? '0', RADIX)
  return Number.isSafeInteger(at) ? at : 0
}
