/** The service, as `npm start` runs it, in a process of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchDatabase } from '../database.ts'
import { connectInspector } from '../inspector.ts'
import { command } from '../paths.ts'
import { startProcess } from '../processes.ts'
import type { Target } from './target.ts'

/** @param database null: embedded PGlite, in one temporary folder for all starts; `dataDir` names it */
export const serviceTarget = (database: BenchDatabase | null, dataDir: string): Target => ({
  name: database === null ? 'Scriptorium (PGlite)' : 'Scriptorium',
  isPeer: false,
  databasePids: async () => (database === null ? [] : database.pids()),
  start: async (releases, inspected) => {
    // Its own folder: a .env of the project must not reach what is measured.
    const cwd = await mkdtemp(join(tmpdir(), 'scriptorium-bench-'))
    releases.push(() => rm(cwd, { recursive: true, force: true }))
    const where: Record<string, string> = database === null ? { DATA_DIR: dataDir } : { DATABASE_URL: database.url }
    const env = { HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'warn', ...where }
    const inspect = inspected ? ['--inspect=127.0.0.1:0'] : []
    const running = startProcess(process.execPath, [...inspect, command, 'serve'], { cwd, env })
    releases.push(running.stop)
    const [, base = ''] = await running.line(/Connect\s+(ws:\/\/\S+)/)
    const inspector = inspected
      ? await connectInspector((await running.line(/Debugger listening on (ws:\/\/\S+)/))[1] ?? '')
      : null
    const stop = async () => {
      inspector?.close()
      await running.stop()
    }
    return { pid: running.pid, endpoint: { base, acknowledges: true }, inspector, stop }
  },
})
