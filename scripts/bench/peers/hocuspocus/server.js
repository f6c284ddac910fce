/** Hocuspocus with its Database extension over PostgreSQL, all else as it comes. */
import { Database } from '@hocuspocus/extension-database'
import { Server } from '@hocuspocus/server'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 })
await pool.query('CREATE TABLE IF NOT EXISTS hocuspocus (name text PRIMARY KEY, data bytea NOT NULL)')

const server = new Server({
  address: '127.0.0.1',
  port: Number(process.env.PORT),
  quiet: true,
  extensions: [
    new Database({
      fetch: async ({ documentName }) => {
        const { rows } = await pool.query('SELECT data FROM hocuspocus WHERE name = $1', [documentName])
        return rows[0]?.data ?? null
      },
      store: async ({ documentName, state }) => {
        await pool.query(
          'INSERT INTO hocuspocus (name, data) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET data = excluded.data',
          [documentName, state],
        )
      },
    }),
  ],
})
await server.listen()
process.stdout.write(`serves ${server.webSocketURL}\n`)
