/** A connection of its own to PostgreSQL, for LISTEN and NOTIFY. */
import pg from 'pg'
import { DatabaseError, type OpenSession, type Value } from './port.ts'
import { CONNECT_MS, run, tlsOf, toDatabaseError, types } from './postgres.ts'

/** A notification has no bulk: without an answer for so long the connection is dead. */
const ANSWER_MS = 5000

/** A connection that hangs is not waited for. */
const LEAVE_MS = 1000

const passed = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })

/** How sessions are opened at `url`. @param ca PEM text, or the path of a PEM file, of the database's own CA */
export const sessionsAt =
  (url: string, ca: string | null): OpenSession =>
  async (events) => {
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
      application_name: 'scriptorium channel',
      types,
      ...tlsOf(ca),
    })
    let isOver = false
    const lose = (reason: string) => {
      if (isOver) return
      isOver = true
      void client.end()
      events.lost(reason)
    }
    client.on('error', (error) => lose(error.message))
    client.on('end', () => lose('the connection ended'))
    client.on('notification', ({ payload }) => events.notified(payload ?? ''))
    try {
      await client.connect()
    } catch (error) {
      isOver = true
      void client.end()
      throw toDatabaseError(error, true)
    }
    return {
      query: async <Row>(text: string, values: readonly Value[] = []): Promise<Row[]> => {
        try {
          return await run<Row>(client, text, values)
        } catch (error) {
          if (error instanceof DatabaseError && error.lost) lose(error.message)
          throw error
        }
      },
      close: async () => {
        if (isOver) return
        isOver = true
        await Promise.race([client.end(), passed(LEAVE_MS)])
      },
    }
  }
