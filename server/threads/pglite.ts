/** The thread that holds PGlite: on the main thread its statements would stall every socket. */
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite, types } from '@electric-sql/pglite'
import type { PgliteReply, PgliteRequest } from '../database/pglite.ts'

const { dir } = workerData as { dir: string }
const port = parentPort
if (port === null) throw new Error('this file runs as a worker thread')

const reply = (message: PgliteReply): void => port.postMessage(message)

const failure = (id: number, error: unknown): PgliteReply => {
  const { message, code } = error as { message?: string; code?: string }
  return { id, error: { message: message ?? String(error), code } }
}

/** Of a server it is 128 MB, which here is memory of the service; the system caches the same files anyway. */
const startParams = [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB']

const options = { startParams, parsers: { [types.INT8]: Number } }
const database = await PGlite.create(dir, options).catch((error: unknown) => {
  reply(failure(0, error))
  return null
})

if (database !== null) {
  port.on('message', async (request: PgliteRequest) => {
    try {
      switch (request.kind) {
        case 'query':
          reply({ id: request.id, rows: (await database.query(request.text, [...request.values])).rows })
          break
        case 'script':
          await database.exec(request.text)
          reply({ id: request.id, rows: [] })
          break
        case 'close':
          await database.close()
          reply({ id: request.id, rows: [] })
          port.close()
          break
        default:
          request satisfies never
      }
    } catch (error) {
      reply(failure(request.id, error))
    }
  })
  reply({ id: 0, rows: [] })
}
