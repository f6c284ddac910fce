/** Squashing in a worker thread, one page at a time. The thread starts at first need. */
import type { Worker } from 'node:worker_threads'
import { startThread } from '../threads/thread.ts'

export interface Squashed {
  readonly data: Uint8Array
  readonly stateVector: Uint8Array
  /** Offset in `data` at which its delete set begins. */
  readonly deletesAt: number
}

export type SquashReply = { readonly squashed: Squashed } | { readonly fault: string }

/** The updates do not make a page that loads. */
export class SquashError extends Error {}

const MAX_WAITING = 64

export class Squasher {
  #thread: Worker | null = null
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #closed = false

  /**
   * One update that holds what `updates` hold together, joined and garbage-collected, and proven to load.
   * @throws SquashError when it does not load; Error when too many pages wait or the thread ended
   */
  squash(updates: readonly Uint8Array[]): Promise<Squashed> {
    if (this.#closed) return Promise.reject(new Error('the service is closing'))
    if (this.#waiting >= MAX_WAITING) return Promise.reject(new Error(`${MAX_WAITING} pages wait to be folded already`))
    this.#waiting++
    const result = this.#turn.then(() => this.#ask(updates))
    this.#turn = result.then(
      () => this.#waiting--,
      () => this.#waiting--,
    )
    return result
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#thread?.terminate()
  }

  #ask(updates: readonly Uint8Array[]): Promise<Squashed> {
    if (this.#closed) return Promise.reject(new Error('the service is closing'))
    const thread = this.#thread ?? startThread('squash')
    this.#thread = thread
    return new Promise((resolve, reject) => {
      const settle = () => {
        thread.off('message', onMessage)
        thread.off('error', onError)
        thread.off('exit', onExit)
      }
      const onMessage = (reply: SquashReply) => {
        settle()
        if ('squashed' in reply) resolve(reply.squashed)
        else reject(new SquashError(reply.fault))
      }
      const onError = (error: Error) => {
        settle()
        this.#thread = null
        reject(new SquashError(`the squash thread failed: ${error.message}`))
      }
      const onExit = () => {
        settle()
        this.#thread = null
        reject(new Error('the squash thread has ended'))
      }
      thread.on('message', onMessage)
      thread.on('error', onError)
      thread.on('exit', onExit)
      thread.postMessage(updates)
    })
  }
}
