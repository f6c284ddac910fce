/** Who wrote first: clients that a page gains by its rows. */
import { endsOf, type LoadedPage } from './pages.ts'

export interface FirstWrite {
  readonly client: number
  /** Index of the row that has its first struct. */
  readonly row: number
}

/** The clients of a page that its base does not have. */
export const firstWrites = ({ doc, baseClients }: LoadedPage, rows: readonly Uint8Array[]): FirstWrite[] => {
  const known = new Set(baseClients)
  let missing = doc.store.clients.size - known.size
  const found: FirstWrite[] = []
  for (let row = 0; row < rows.length && missing > 0; row++) {
    for (const client of endsOf(rows[row] as Uint8Array).keys()) {
      if (known.has(client)) continue
      known.add(client)
      found.push({ client, row })
      missing--
    }
  }
  return found
}
