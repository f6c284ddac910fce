/** Where worker threads lie, and how they are started. */
import { Worker, type WorkerOptions } from 'node:worker_threads'

/** The compiled thread `server/threads/<name>`; from the sources (as vitest runs them) it is found in dist. */
export const threadUrl = (name: string): URL =>
  new URL(import.meta.url.endsWith('.ts') ? `../../dist/server/threads/${name}.js` : `./${name}.js`, import.meta.url)

/** Starts the thread `server/threads/<name>`. */
export const startThread = (name: string, options: WorkerOptions = {}): Worker => new Worker(threadUrl(name), options)
