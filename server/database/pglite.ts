/** The database port over embedded PGlite, which runs in a worker thread and has one connection. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { startThread } from '../threads/thread.ts'
import { type Database, DatabaseError, type Query, type Value } from './port.ts'

export type PgliteRequest =
  | { readonly id: number; readonly kind: 'query'; readonly text: string; readonly values: readonly Value[] }
  | { readonly id: number; readonly kind: 'script'; readonly text: string }
  | { readonly id: number; readonly kind: 'close' }

/** Reply 0 tells that the database is open, or why not. */
export type PgliteReply =
  | { readonly id: number; readonly rows: unknown[] }
  | { readonly id: number; readonly error: { readonly message: string; readonly code: string | undefined } }

type Body = PgliteRequest extends infer R ? (R extends { id: number } ? Omit<R, 'id'> : never) : never

interface Waiting {
  resolve(rows: unknown[]): void
  reject(error: DatabaseError): void
}

/**
 * Opens the database in `dir`, which is made where it is missing. Nothing else may have it open.
 * @throws DatabaseError when it cannot be opened
 */
export const openPglite = async ({ dir }: { readonly dir: string }): Promise<Database> => {
  // To make a database takes hundreds of megabytes that PGlite never gives back: they go with the thread that made it.
  if (!existsSync(join(dir, 'PG_VERSION'))) await (await openIn(dir)).close()
  return openIn(dir)
}

const openIn = async (dir: string): Promise<Database> => {
  const database = new Pglite(startThread('pglite', { workerData: { dir } }))
  await database.opened
  return database
}

class Pglite implements Database {
  readonly kind = 'pglite'
  readonly opened: Promise<unknown>
  readonly #thread: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #exited: Promise<void>
  #dead: DatabaseError | null = null
  #lastId = 0
  /** One connection: a transaction has it alone, statements of others wait. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(thread: Worker) {
    this.#thread = thread
    this.opened = new Promise((resolve, reject) => this.#waiting.set(0, { resolve, reject }))
    this.#exited = new Promise((resolve) => thread.once('exit', () => resolve()))
    thread.on('message', (reply: PgliteReply) => this.#receive(reply))
    thread.on('error', (error) => this.#die(`the database thread failed: ${error.message}`))
    thread.on('exit', () => this.#die('the database thread has ended'))
  }

  query<Row>(text: string, values: readonly Value[] = []): Promise<Row[]> {
    return this.#alone(() => this.#query<Row>(text, values))
  }

  transaction<T>(work: (tx: Query) => Promise<T>): Promise<T> {
    return this.#alone(async () => {
      await this.#query('BEGIN')
      try {
        const result = await work({ query: (text, values) => this.#query(text, values) })
        await this.#query('COMMIT')
        return result
      } catch (error) {
        if (this.#dead === null) await this.#query('ROLLBACK')
        throw error
      }
    })
  }

  async script(text: string): Promise<void> {
    await this.#alone(() => this.#ask({ kind: 'script', text }))
  }

  async close(): Promise<void> {
    if (this.#dead === null) await this.#alone(() => this.#ask({ kind: 'close' }))
    await this.#exited
  }

  #query<Row>(text: string, values: readonly Value[] = []): Promise<Row[]> {
    return this.#ask({ kind: 'query', text, values }) as Promise<Row[]>
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }

  #ask(request: Body): Promise<unknown[]> {
    if (this.#dead !== null) return Promise.reject(this.#dead)
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#thread.postMessage({ id, ...request })
    })
  }

  #receive(reply: PgliteReply): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if ('rows' in reply) waiting?.resolve(reply.rows)
    else waiting?.reject(new DatabaseError(reply.error.message, { code: reply.error.code, lost: false }))
  }

  #die(reason: string): void {
    this.#dead ??= new DatabaseError(reason, { lost: true })
    for (const waiting of this.#waiting.values()) waiting.reject(this.#dead)
    this.#waiting.clear()
  }
}
