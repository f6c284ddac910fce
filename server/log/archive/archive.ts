/** The archive: what was, and what is done with whole pages and stories. Everything that is not live editing. */
import { findAsset, keepAsset, listAssets, readAsset } from './assets.ts'
import { beginWith } from './begin.ts'
import { copyPage } from './create.ts'
import { deletePage, erasePage, undeletePage } from './delete.ts'
import { exportStory } from './export.ts'
import { findPages, storedPage } from './finding.ts'
import { importStory } from './import.ts'
import { lostRows, pageHeads } from './known.ts'
import { activity, authors, difference, readPage, renderPage } from './look.ts'
import type { ArchiveParts } from './parts.ts'
import { keptOutlines, packFiles, readOutline, readStoryPage } from './reading.ts'
import { previewRestore, previewUndo, restorePage, undoPerson } from './restore.ts'
import {
  copyStory,
  listPages,
  listStories,
  listStoryVersions,
  nameStoryVersion,
  pagesOf,
  restoreStory,
} from './stories.ts'
import { keepAutomatic, listVersions, nameVersion, readVersion } from './versions.ts'

type Rest<F> = F extends (parts: ArchiveParts, ...rest: infer R) => infer Result ? (...rest: R) => Result : never

/** Opens the archive over a migrated database, which it does not close. */
export const openArchive = (parts: ArchiveParts) => {
  const bound = <F extends (parts: ArchiveParts, ...rest: never[]) => unknown>(work: F): Rest<F> =>
    ((...rest: never[]) => work(parts, ...rest)) as Rest<F>
  return {
    readPage: bound(readPage),
    renderPage: bound(renderPage),
    activity: bound(activity),
    authors: bound(authors),
    difference: bound(difference),
    listVersions: bound(listVersions),
    nameVersion: bound(nameVersion),
    keepAutomatic: bound(keepAutomatic),
    readVersion: (roomId: string, id: string) => readVersion(parts.database, roomId, id),
    restorePage: bound(restorePage),
    previewRestore: bound(previewRestore),
    undoPerson: bound(undoPerson),
    previewUndo: bound(previewUndo),
    copyPage: bound(copyPage),
    deletePage: bound(deletePage),
    undeletePage: bound(undeletePage),
    erasePage: bound(erasePage),
    listStories: bound(listStories),
    listPages: bound(listPages),
    pageHeads: bound(pageHeads),
    lostRows: bound(lostRows),
    pagesOf: bound(pagesOf),
    listStoryVersions: bound(listStoryVersions),
    nameStoryVersion: bound(nameStoryVersion),
    restoreStory: bound(restoreStory),
    copyStory: bound(copyStory),
    beginWith: bound(beginWith),
    findPages: bound(findPages),
    storedPage: bound(storedPage),
    readOutline: bound(readOutline),
    outlineAt: keptOutlines(parts),
    readStoryPage: bound(readStoryPage),
    packFiles: bound(packFiles),
    keepAsset: bound(keepAsset),
    findAsset: bound(findAsset),
    readAsset: bound(readAsset),
    listAssets: bound(listAssets),
    exportStory: bound(exportStory),
    importStory: bound(importStory),
  }
}

export type Archive = ReturnType<typeof openArchive>
