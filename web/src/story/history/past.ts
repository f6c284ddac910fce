/** What the service tells of a page’s past. */
import * as Y from 'yjs'
import { ask, askJson } from '../../device/api.ts'
import { pathOf } from '../../device/path.ts'
import type { SpansOf } from '../blame.ts'

/** Somebody’s edits, minutes apart at most. */
export interface Entry {
  readonly author: string | null
  readonly from: string
  readonly to: string
  readonly toSeq: number
  readonly bytes: number
}

export interface Version {
  readonly id: string
  readonly kind: 'named' | 'automatic' | 'before' | 'story' | 'import'
  readonly label: string | null
  readonly author: string | null
  readonly at: string
}

/** A moment of a page that can be looked at, and gone back to. */
export type Moment = { readonly at: string } | { readonly version: string }

/** The page at a moment, and who wrote what stands there, and what was new. */
export interface Look {
  readonly doc: Y.Doc
  /** All that stands there, by author; none where the history does not reach back. */
  readonly authors: readonly SpansOf[]
  readonly changes: readonly SpansOf[]
}

const MOST_ENTRIES = 1000
/** Before anything was written. */
const LONG_AGO = '2000-01-01T00:00:00.000Z'

/** A time just after `time`: moments are told to the millisecond, and kept more precisely. */
export const justAfter = (time: string): string => new Date(new Date(time).getTime() + 1).toISOString()

export class Past {
  readonly #story: string
  readonly #path: string

  constructor(story: string, page: string) {
    this.#story = story
    this.#path = pathOf(story, page)
  }

  /** Edits, oldest first. @throws ApiFault */
  async entries(): Promise<readonly Entry[]> {
    const query = { limit: String(MOST_ENTRIES) }
    const { entries } = await askJson<{ entries: Entry[] }>(this.#story, `${this.#path}/history`, { query })
    return entries.reverse()
  }

  /** Newest first. @throws ApiFault */
  async versions(): Promise<readonly Version[]> {
    return (await askJson<{ versions: Version[] }>(this.#story, `${this.#path}/versions`)).versions
  }

  /** @param since what is new is new since then; null: everything is @throws ApiFault */
  async look(moment: Moment, since: string | null): Promise<Look> {
    const to = 'at' in moment ? moment.at : moment.version
    const [page, authors, changes] = await Promise.all([
      ask(this.#story, this.#path, { query: moment, accept: 'application/octet-stream' }),
      this.#difference(LONG_AGO, to),
      since === null ? null : this.#difference(since, to),
    ])
    const doc = new Y.Doc()
    Y.applyUpdate(doc, new Uint8Array(await page.arrayBuffer()))
    return { doc, authors, changes: changes ?? authors }
  }

  /** What would change. @throws ApiFault */
  async previewUndo(user: string | null, from: string): Promise<readonly SpansOf[]> {
    const asking = { method: 'POST', query: { preview: 'true' }, body: { user, from } } as const
    return (await askJson<{ changes: SpansOf[] }>(this.#story, `${this.#path}/undo`, asking)).changes
  }

  undo(user: string | null, from: string): Promise<unknown> {
    return this.#post('undo', { user, from })
  }

  restore(moment: Moment): Promise<unknown> {
    return this.#post('restore', moment)
  }

  /** @param page the id of the new page */
  copy(moment: Moment, page: string): Promise<unknown> {
    return this.#post('copy', { page, ...moment })
  }

  name(label: string): Promise<unknown> {
    return this.#post('versions', { label })
  }

  #post(act: string, body: unknown): Promise<unknown> {
    return askJson(this.#story, `${this.#path}/${act}`, { method: 'POST', body })
  }

  async #difference(from: string, to: string): Promise<readonly SpansOf[]> {
    const query = { from, to }
    return (await askJson<{ texts: SpansOf[] }>(this.#story, `${this.#path}/diff`, { query })).texts
  }
}
