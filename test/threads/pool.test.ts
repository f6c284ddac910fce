/** Worker threads: jobs by name, a bound on those that wait, a dead thread replaced. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { PageRows } from '../../server/threads/pages.ts'
import { JobError, ThreadLost, ThreadPool, ThreadsBusy } from '../../server/threads/pool.ts'
import { openThreads } from '../support/open-database.ts'

const page = (words: number): PageRows => {
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  for (let n = 0; n < words; n++) doc.getText('body').insert(0, `word ${n} `)
  return { base: null, rows: updates }
}

const read = (update: Uint8Array): string => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  return doc.getText('body').toString()
}

const ended = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)

describe('a pool of threads', () => {
  it('runs more jobs than it has threads, each with its own result', async () => {
    const threads = openThreads(2)
    const squashed = await Promise.all([1, 2, 3, 4, 5].map((words) => threads.run('squash', page(words))))
    expect(squashed.map(({ data }) => read(data).split(' ').length)).toEqual([3, 5, 7, 9, 11])
  })

  it('moves the buffers it is told to move', async () => {
    const threads = openThreads()
    const update = Y.encodeStateAsUpdate(new Y.Doc()).slice()
    await threads.run('squash', { base: null, rows: [update] }, { transfer: [update.buffer] })
    expect(update.buffer.byteLength).toBe(0)
  })

  it('tells a job that fails from a thread that is lost, and goes on after both', async () => {
    const threads = openThreads()
    const last = page(2).rows.slice(1)
    expect(await ended(threads.run('squash', { base: null, rows: last }))).toBeInstanceOf(JobError)
    const stopping = new AbortController()
    const lost = ended(threads.run('squash', page(20_000), { signal: stopping.signal }))
    const waiting = threads.run('squash', page(1))
    stopping.abort()
    expect(await lost).toBeInstanceOf(ThreadLost)
    expect(read((await waiting).data)).toBe('word 0 ')
  })

  it('takes no more jobs than may wait', async () => {
    const threads = new ThreadPool({ threads: 1, waiting: 1 })
    const taken = [threads.run('squash', page(1)), threads.run('squash', page(1))]
    expect(await ended(threads.run('squash', page(1)))).toBeInstanceOf(ThreadsBusy)
    await Promise.all(taken)
    await threads.run('squash', page(1))
    await threads.close()
  })

  it('fails what is under way when it closes, and takes nothing more', async () => {
    const threads = openThreads()
    const under = ended(threads.run('squash', page(2000)))
    await threads.close()
    expect(await under).toBeInstanceOf(ThreadLost)
    expect(await ended(threads.run('squash', page(1)))).toBeInstanceOf(ThreadLost)
  })
})
