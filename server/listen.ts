/** Where a server listens, and how it ceases to. */
import type { Server as HttpServer } from 'node:http'
import type { Server } from 'node:net'

export interface Address {
  readonly host: string
  readonly port: number
}

/**
 * Connections that have come and are not accepted yet, at most; the system may allow fewer. The client of one more is not
 * refused but waits, and knocks again after 1, 3, 7, 15 and 31 s: so a crowd that comes back at once must fit.
 */
const BACKLOG = 4096

/** Listens at `wanted`; port 0 takes a free one. @returns where @throws the system's error */
export const listen = (server: Server, wanted: Address): Promise<Address> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(wanted.port, wanted.host, BACKLOG, () => {
      server.off('error', reject)
      const bound = server.address()
      resolve({ host: wanted.host, port: typeof bound === 'object' && bound !== null ? bound.port : wanted.port })
    })
  })

/** Accepts no more, and cuts the connections that are left; a server that is given its connections accepts none. */
export const closeServer = (server: HttpServer): Promise<void> =>
  new Promise((resolve, reject) => {
    if (server.listening) server.close((error) => (error === undefined ? resolve() : reject(error)))
    else resolve()
    server.closeAllConnections()
  })
