/**
 * Brings all kept pages of a story up to date, both ways, without a socket: for a background task of a phone or a service
 * worker. Ended at any moment and repeated, it does no harm.
 */
import * as Y from 'yjs'
import { fromBase64, toBase64 } from './base64.ts'
import { type KeyValueStore, keyValue } from './key-value.ts'
import type { Kept, ListedOffline, Offline } from './offline.ts'
import { pageUrl } from './page-url.ts'
import { askPatiently, type Fetch } from './patience.ts'
import { defaultPorts, type Ports } from './ports.ts'
import { type Token, tokenNow } from './token.ts'
import { type Acknowledged, Waiting } from './waiting.ts'

export type { Fetch } from './patience.ts'

export interface SyncStoryOptions {
  readonly fetch: Fetch
  /** Where pages are kept: the store that `keyValue` was given, or `indexedDb()`. */
  readonly store: KeyValueStore | ListedOffline
  readonly token?: Token
  /** As a page is opened with it. */
  readonly url: string
  readonly story: string
  /** Pages to bring beside those that are kept and those that are there. */
  readonly pages?: readonly string[]
  readonly prefix?: string
  /** A request of which nothing moves for so many ms is given up (30,000). */
  readonly silenceMs?: number
  readonly ports?: Partial<Pick<Ports, 'after'>>
}

export interface StorySynced {
  /** Pages that are up to date, and on this device. */
  readonly synced: readonly string[]
  /** Pages that are not, and why. */
  readonly faults: Readonly<Faults>
}

type Faults = Record<string, { readonly code: string; readonly reason: string }>

interface Answer {
  readonly cursor: string | null
  readonly more: boolean
  readonly pages: Record<
    string,
    | { readonly seq: number; readonly row?: string; readonly update?: string }
    | { readonly error: { code: string; reason: string } }
  >
}

type Come = Pick<Acknowledged, 'seq' | 'row'>

interface Open {
  readonly doc: Y.Doc
  readonly kept: Kept
  readonly waiting: Waiting
  /** How far the service had come, as it said last. */
  come: Come
  /** Whether what waits was sent, and not refused. */
  isBrought: boolean
  /** Whether all of the page is brought, not what waits alone. */
  isWhole: boolean
  fault: string | null
}

/** Characters of updates in one request. */
const REQUEST_CHARACTERS = 4_000_000
const MOST_REQUESTS = 1000
const SILENCE_MS = 30_000

/**
 * @returns what came of each page
 * @throws Error when the service cannot be reached or does not answer; what was done by then stays done
 */
export const syncStory = async (options: SyncStoryOptions): Promise<StorySynced> => {
  const { store, url, story, prefix } = options
  const offline = typeof store === 'function' ? store : keyValue(store, prefix === undefined ? {} : { prefix })
  const beginning = pageUrl(url, story, '')
  const pages = new Map<string, Open>()
  const open = async (page: string): Promise<Open> => {
    const there = pages.get(page)
    if (there !== undefined) return there
    const opened = await openPage(options, offline, page)
    pages.set(page, opened)
    return opened
  }
  try {
    const kept = (await offline.names(beginning)).map((name) => decodeURIComponent(name.slice(beginning.length)))
    for (const page of new Set([...kept, ...(options.pages ?? [])])) await open(page)
    const faults = await exchange(options, pages, open)
    await closeAll(pages)
    for (const [page, { fault }] of pages) if (fault !== null) faults[page] = { code: 'storage', reason: fault }
    const isSynced = ([page, { isBrought }]: [string, Open]) => isBrought && faults[page] === undefined
    return {
      synced: [...pages]
        .filter(isSynced)
        .map(([page]) => page)
        .sort(),
      faults,
    }
  } finally {
    await closeAll(pages)
  }
}

const closeAll = async (pages: ReadonlyMap<string, Open>): Promise<void> => {
  for (const { kept, doc } of pages.values()) {
    await kept.close()
    doc.destroy()
  }
}

const openPage = async ({ url, story }: SyncStoryOptions, offline: Offline, page: string): Promise<Open> => {
  const doc = new Y.Doc()
  const opened: { fault: string | null } = { fault: null }
  const kept = offline(pageUrl(url, story, page), doc, (fault) => {
    opened.fault = fault
  })
  const acknowledged = await kept.loaded
  const waiting = new Waiting(doc, () => 0)
  waiting.opened(acknowledged)
  return Object.assign(opened, {
    doc,
    kept,
    waiting,
    come: comeOf(acknowledged ?? {}),
    isBrought: waiting.isEmpty,
    isWhole: false,
  })
}

const exchange = async (
  options: SyncStoryOptions,
  pages: ReadonlyMap<string, Open>,
  open: (page: string) => Promise<Open>,
): Promise<Faults> => {
  const faults: Faults = {}
  let cursor: string | null = null
  for (let request = 0; request < MOST_REQUESTS; request++) {
    const { asked, bringing } = requestOf(pages, faults)
    const answer: Answer = await post(options, { ...(cursor === null ? {} : { cursor }), pages: asked })
    for (const page of bringing) (pages.get(page) as Open).isBrought = true
    for (const [page, told] of Object.entries(answer.pages)) {
      if ('error' in told) {
        const mended = pages.get(page)
        if (told.error.code === 'gap' && mended !== undefined && !mended.isWhole) bringWhole(mended)
        else faults[page] = told.error
        continue
      }
      const opened = await open(page)
      if (told.update !== undefined) Y.applyUpdate(opened.doc, fromBase64(told.update), 'sync')
      opened.come = comeOf(told)
      if (opened.isBrought) opened.kept.acknowledge(acknowledgedOf(opened))
    }
    cursor = answer.cursor
    const isLeft = [...pages].some(([page, { isBrought }]) => !isBrought && faults[page] === undefined)
    if (!answer.more && !isLeft) break
  }
  return faults
}

/** The service holds less than it said once: its database was put back. */
const bringWhole = (page: Open): void => {
  page.waiting.restarted(new Map())
  page.come = {}
  page.isBrought = false
  page.isWhole = true
}

const comeOf = ({ seq, row }: Come): Come => ({
  ...(seq !== undefined && { seq }),
  ...(row !== undefined && { row }),
})

const acknowledgedOf = ({ doc, waiting, come }: Open): Acknowledged => {
  waiting.sentAll(1)
  waiting.settled(1, new Set())
  const known = waiting.acknowledged() ?? { stateVector: Y.encodeStateVector(doc), deleted: 0 }
  return { ...known, ...come }
}

/** All pages with what they hold; as much of what waits as one request may carry. */
const requestOf = (pages: ReadonlyMap<string, Open>, faults: Faults) => {
  const asked: Record<string, Come & { stateVector: string; update?: string }> = {}
  const bringing: string[] = []
  let characters = 0
  for (const [page, { doc, waiting, come, isBrought }] of pages) {
    if (faults[page] !== undefined) continue
    if (isBrought || characters > REQUEST_CHARACTERS) {
      // As if what is not brought yet were not here: that the service lacks it is no loss.
      asked[page] = { ...come, stateVector: toBase64(waiting.base()) }
      continue
    }
    const update = toBase64(Y.encodeStateAsUpdate(doc, waiting.base()))
    characters += update.length
    asked[page] = { ...come, stateVector: toBase64(Y.encodeStateVector(doc)), update }
    bringing.push(page)
  }
  return { asked, bringing }
}

const post = async (options: SyncStoryOptions, body: unknown): Promise<Answer> => {
  const { token } = options
  const ports = portsOf(options)
  const bearer = await tokenNow(token, ports)
  let answer = await ask(options, bearer, body)
  if (answer.status === 401 && typeof token === 'function') {
    answer = await ask(options, await tokenNow(token, ports, bearer), body)
  }
  if (!answer.ok) throw new Error(`the service answered ${answer.status}`)
  return answer.body as Answer
}

const portsOf = ({ ports }: SyncStoryOptions): Pick<Ports, 'after'> => ({ ...defaultPorts, ...ports })

const ask = (options: SyncStoryOptions, bearer: string, body: unknown) => {
  const { fetch, url, story, silenceMs = SILENCE_MS } = options
  const api = url
    .replace(/^ws/, 'http')
    .replace(/\/+$/, '')
    .replace(/\/collab$/, '')
  const address = `${api}/api/v1/stories/${encodeURIComponent(story)}/sync`
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(bearer === '' ? {} : { authorization: `Bearer ${bearer}` }) },
    body: JSON.stringify(body),
  }
  // A connection kept open may have been closed while pages were put away; to ask twice does no harm.
  const twice: Fetch = (to, how) =>
    fetch(to, how).catch((error: unknown) => {
      if (how.signal?.aborted) throw error
      return fetch(to, how)
    })
  return askPatiently(address, init, { fetch: twice, after: portsOf(options).after, ms: silenceMs })
}
