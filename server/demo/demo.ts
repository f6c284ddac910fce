/** Puts the tale into an empty database, once in its life: whoever deletes it does not meet it again. */

import { readFile } from 'node:fs/promises'
import { STORY_PAGE } from '../../shared/names.ts'
import type { Archive } from '../log/archive/archive.ts'
import { sha256 } from '../log/archive/bundle.ts'
import { outlineDocument, pageDocument } from './documents.ts'
import { COVER, PAGES, STORY } from './tale.ts'

const FOLDER = new URL('./pictures/', import.meta.url)

/** Two processes that start at once write it once. @returns whether it was written now. @throws DatabaseError */
export const putDemo = async (archive: Pick<Archive, 'beginWith'>): Promise<boolean> =>
  archive.beginWith(async () => {
    const pictures = new Map<string, Uint8Array>()
    for (const { passages } of PAGES) {
      for (const passage of passages) {
        if (passage.kind === 'picture') pictures.set(passage.file, await readFile(new URL(passage.file, FOLDER)))
      }
    }
    const hashes = new Map([...pictures].map(([file, data]) => [file, sha256(data)]))
    return {
      story: STORY,
      pages: [
        { page: STORY_PAGE, data: outlineDocument(hashes.get(COVER) ?? '') },
        ...PAGES.map((page) => ({ page: page.id, data: pageDocument(page, hashes) })),
      ],
      assets: [...pictures].map(([file, data]) => ({ sha256: hashes.get(file) ?? '', data })),
    }
  })
