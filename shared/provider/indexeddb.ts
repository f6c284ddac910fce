/**
 * Keeps pages in a browser's IndexedDB. A change is a row, written as it is; past a number of rows they become fewer. Each
 * write is one transaction, so that tabs and a service worker may keep the same page at once, and what is known to be
 * committed never speaks of changes that are not there.
 */
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from 'idb'
import * as Y from 'yjs'
import { Keeping, type PageStore, putTogether } from './keeping.ts'
import type { ListedOffline } from './offline.ts'
import { notedPages, Parting } from './parting.ts'
import type { Acknowledged } from './waiting.ts'

interface Schema extends DBSchema {
  updates: { key: number; value: { readonly page: string; readonly update: Uint8Array }; indexes: { page: string } }
  known: { key: string; value: Acknowledged }
}

type Stores = ('updates' | 'known')[]
type Writing = IDBPTransaction<Schema, Stores, 'readwrite'>

const STORES: Stores = ['updates', 'known']
const MOST_ROWS = 200
/** The page is put together when its changes are larger than this share of it. */
const CHANGED_SHARE = 0.5

/** Keeps pages in IndexedDB, all of them in one database. @param name of the database */
export const indexedDb = (name = 'scriptorium'): ListedOffline => {
  const offline = (page: string, doc: Y.Doc, told: (fault: string | null) => void) => {
    const parting = new Parting(notedAs(name, page), doc.clientID)
    const keeping = new Keeping(new Rows(new Database(name), page, { gc: doc.gc, parting }), doc, told)
    parting.attend(() => keeping.part())
    return keeping
  }
  const names = async (beginning: string): Promise<string[]> => {
    const database = new Database(name)
    try {
      const there = await namesIn(await database.open(), beginning)
      const start = notedAs(name, beginning)
      const noted = notedPages().filter((page) => page.startsWith(start))
      return [...new Set([...there, ...noted.map((page) => page.slice(notedAs(name, '').length))])].sort()
    } finally {
      await database.close()
    }
  }
  return Object.assign(offline, { names })
}

const notedAs = (database: string, page: string): string => `${database}/${page}`

/** A connection, opened when it is needed, and again when the browser has closed it. */
class Database {
  readonly #name: string
  #opening: Promise<IDBPDatabase<Schema>> | null = null

  constructor(name: string) {
    this.#name = name
  }

  /** @throws DOMException when there is no IndexedDB to be had */
  open(): Promise<IDBPDatabase<Schema>> {
    const forget = () => {
      this.#opening = null
    }
    this.#opening ??= openDB<Schema>(this.#name, 1, {
      upgrade: (database) => {
        database.createObjectStore('updates', { autoIncrement: true }).createIndex('page', 'page')
        database.createObjectStore('known')
      },
      terminated: forget,
      // An app that deletes all it keeps is not kept waiting.
      blocking: () => void this.close(),
    }).catch((error: unknown) => {
      forget()
      throw error
    })
    return this.#opening
  }

  async close(): Promise<void> {
    const opening = this.#opening
    this.#opening = null
    // One that did not open has told so already.
    const database = await opening?.catch(() => null)
    database?.close()
  }
}

const namesIn = async (database: IDBPDatabase<Schema>, beginning: string): Promise<string[]> => {
  const names: string[] = []
  const index = database.transaction('updates').store.index('page')
  let cursor = await index.openKeyCursor(IDBKeyRange.bound(beginning, `${beginning}\uffff`), 'nextunique')
  while (cursor !== null) {
    names.push(cursor.key)
    cursor = await cursor.continue()
  }
  return names
}

/** One page. */
class Rows implements PageStore {
  readonly #database: Database
  readonly #page: string
  readonly #gc: boolean
  readonly #parting: Parting

  constructor(database: Database, page: string, { gc, parting }: { readonly gc: boolean; readonly parting: Parting }) {
    this.#database = database
    this.#page = page
    this.#gc = gc
    this.#parting = parting
  }

  async read() {
    const transaction = (await this.#database.open()).transaction(STORES)
    const [rows, known] = await Promise.all([
      transaction.objectStore('updates').index('page').getAll(this.#page),
      transaction.objectStore('known').get(this.#page),
    ])
    return { updates: rows.map(({ update }) => update), noted: this.#parting.take(), known: known ?? null }
  }

  write(update: Uint8Array | null, known: Acknowledged | null): Promise<void> {
    return this.#inOne(async (transaction) => {
      const updates = transaction.objectStore('updates')
      if (update !== null) await updates.add({ page: this.#page, update })
      if (known !== null) await transaction.objectStore('known').put(known, this.#page)
      if (update !== null && (await updates.index('page').count(this.#page)) > MOST_ROWS) await this.#join(transaction)
    })
  }

  note(unwritten: Uint8Array | null): void {
    this.#parting.note(unwritten)
  }

  clear(): Promise<void> {
    this.#parting.clear()
    return this.#inOne(async (transaction) => {
      const updates = transaction.objectStore('updates')
      await transaction.objectStore('known').delete(this.#page)
      for (const key of await updates.index('page').getAllKeys(this.#page)) await updates.delete(key)
    })
  }

  close(): Promise<void> {
    this.#parting.close()
    return this.#database.close()
  }

  /** @throws DOMException when it is not written: a full device says so only when the transaction ends */
  async #inOne(work: (transaction: Writing) => Promise<void>): Promise<void> {
    const transaction = (await this.#database.open()).transaction(STORES, 'readwrite')
    await Promise.all([work(transaction), transaction.done])
  }

  async #join(transaction: Writing): Promise<void> {
    const updates = transaction.objectStore('updates')
    const index = updates.index('page')
    const [keys, rows] = await Promise.all([index.getAllKeys(this.#page), index.getAll(this.#page)])
    const [first = new Uint8Array(), ...changes] = rows.map(({ update }) => update)
    const bytes = changes.reduce((sum, { length }) => sum + length, 0)
    const isWhole = bytes > first.length * CHANGED_SHARE
    const joined = isWhole ? putTogether([first, ...changes], this.#gc) : Y.mergeUpdates(changes)
    for (const key of isWhole ? keys : keys.slice(1)) await updates.delete(key)
    await updates.add({ page: this.#page, update: joined })
  }
}
