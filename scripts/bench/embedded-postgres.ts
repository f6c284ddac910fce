/**
 * A PostgreSQL of the bench's own, in a process of its own: the package ends whatever process imports it with exit code 0.
 * Tells its parent the address; ends with the parent's channel.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { importPostgres } from './postgres-package.ts'

const folder = await mkdtemp(join(tmpdir(), 'scriptorium-bench-pg-'))
await chmod(folder, 0o755)
const databaseDir = join(folder, 'data')
const port = await freePort()
const { default: EmbeddedPostgres } = await importPostgres(folder)
const postgres = new EmbeddedPostgres({
  databaseDir,
  port,
  user: 'postgres',
  password: 'postgres',
  persistent: true,
  createPostgresUser: process.getuid?.() === 0,
  onLog: () => undefined,
})

process.on('disconnect', async () => {
  try {
    await postgres.stop()
  } finally {
    await rm(folder, { recursive: true, force: true })
    process.exit()
  }
})
await postgres.initialise()
await postgres.start()
process.send?.(`postgres://postgres:postgres@127.0.0.1:${port}/postgres`)
