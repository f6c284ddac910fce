/** A load balancer for tests: gives each connection to one of several services, by the path or at random. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Random } from './random.ts'

export interface Balancer {
  /** What a stock provider is given as its server. */
  readonly collab: string
  /** Whether a service gets new connections. */
  use(address: string, isUsed: boolean): void
}

/** Tells which of `count` services a path goes to first; one that cannot be reached is followed by the next. */
export type Choice = (path: string, count: number) => number

export const byPath: Choice = (path, count) => createHash('md5').update(path).digest().readUInt32BE(0) % count
export const atRandom =
  (random: Random): Choice =>
  (_path, count) =>
    random.below(count)

/** Stands before services until the test ends. @param addresses http://host:port of each */
export const startBalancer = async (addresses: readonly string[], choose: Choice): Promise<Balancer> => {
  const unused = new Set<string>()
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: false }, (client) => {
    open.add(client)
    client.on('error', () => client.destroy())
    client.on('close', () => open.delete(client))
    client.once('data', (first: Buffer) => {
      client.pause()
      const path = first.toString('latin1').split(' ')[1] ?? '/'
      const used = addresses.filter((address) => !unused.has(address))
      const start = used.length === 0 ? 0 : choose(path, used.length)
      reach([...used.slice(start), ...used.slice(0, start)], client, first)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  return {
    collab: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/collab`,
    use: (address, isUsed) => void (isUsed ? unused.delete(address) : unused.add(address)),
  }
}

const reach = (addresses: readonly string[], client: Socket, first: Buffer): void => {
  const [address, ...others] = addresses
  if (address === undefined) return void client.destroy()
  const { hostname, port } = new URL(address)
  const service = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  let isConnected = false
  service.on('connect', () => {
    isConnected = true
    service.write(first)
    service.pipe(client)
    client.pipe(service)
  })
  service.on('error', () => {
    service.destroy()
    if (isConnected) client.destroy()
    else reach(others, client, first)
  })
  service.on('close', () => isConnected && client.destroySoon())
  client.on('close', () => service.destroy())
}
