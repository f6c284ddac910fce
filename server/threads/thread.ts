/** Where worker threads lie, and how they are started. */
import { Worker, type WorkerOptions } from 'node:worker_threads'

/** Starts the compiled thread `server/threads/<name>`; from the sources (as vitest runs them) it is found in dist. */
export const startThread = (name: string, options: WorkerOptions = {}): Worker => {
  const compiled = import.meta.url.endsWith('.ts') ? `../../dist/server/threads/${name}.js` : `./${name}.js`
  return new Worker(new URL(compiled, import.meta.url), options)
}
