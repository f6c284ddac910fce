/** What an empty database begins with. */
import { roomIdOf } from '../../../shared/names.ts'
import { type Asset, importAssets } from './assets.ts'
import { createPage, type NewPage } from './create.ts'
import { type ArchiveParts, told } from './parts.ts'

/** The first to come here goes on, while the others wait for it to end; it passes once in the life of a database. */
const PASS = `INSERT INTO scriptorium.milestone (name) VALUES ('begun') ON CONFLICT (name) DO NOTHING RETURNING name`
const PASSED = `SELECT name FROM scriptorium.milestone WHERE name = 'begun'`
const HAS_PAGES = `SELECT 1 AS one FROM scriptorium.room LIMIT 1`

export interface Beginning {
  readonly story: string
  readonly pages: readonly { readonly page: string; readonly data: Uint8Array }[]
  readonly assets: readonly Pick<Asset, 'sha256' | 'data'>[]
}

/**
 * Writes a story into a database that never held a page; asked for the second time it does nothing, whatever became of it.
 * @returns whether it was written now
 * @throws DatabaseError; JobError where its bytes make no page
 */
export const beginWith = async (parts: ArchiveParts, make: () => Promise<Beginning>): Promise<boolean> => {
  const { database, threads } = parts
  if ((await database.query(PASSED)).length > 0) return false
  const { story, pages, assets } = await make()
  const fresh: NewPage[] = []
  for (const { page, data } of pages) {
    const content = await told(threads.run('importPage', { data }))
    fresh.push({ roomId: roomIdOf({ story, page }), content, kind: 'import', author: null, roots: null })
  }
  return database.transaction(async (tx) => {
    const isFirst = (await tx.query(PASS)).length > 0
    if (!isFirst || (await tx.query(HAS_PAGES)).length > 0) return false
    for (const page of fresh) await createPage(parts, tx, page)
    await importAssets(tx, story, assets, null)
    return true
  })
}
