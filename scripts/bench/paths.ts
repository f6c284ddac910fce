/** Where things lie, the same from the sources and from dist/. */
import { existsSync } from 'node:fs'
import { dirname, join, parse } from 'node:path'
import { fileURLToPath } from 'node:url'

const COMMAND = join('scripts', 'scriptorium.js')

const findRoot = (): string => {
  const here = dirname(fileURLToPath(import.meta.url))
  for (let folder = here; folder !== parse(folder).root; folder = dirname(folder)) {
    if (existsSync(join(folder, COMMAND))) return folder
  }
  throw new Error(`no folder above ${here} holds ${COMMAND}`)
}

const root = findRoot()

/** The command line of the project. */
export const command = join(root, COMMAND)
/** Results and installed peers; not kept in git. */
export const results = join(root, 'bench-results')
/** For each peer a folder with its manifest and programs. */
export const peerSources = join(root, 'scripts', 'bench', 'peers')
/** Recorded typing, beside the project where it is at all. */
export const traceFile = join(root, '..', 'shared', 'traces', 'automerge-paper.json.gz')
