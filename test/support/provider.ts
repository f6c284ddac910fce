/** Providers on real sockets, gone when the test ends. */
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { SocketLike } from '../../shared/provider/ports.ts'
import { type ConnectOptions, connect, type Provider } from '../../shared/provider/provider.ts'
import { until } from './until.ts'

export const openSocket = (url: string, protocols: string[]): SocketLike =>
  new WebSocket(url, protocols) as unknown as SocketLike

/** Opens a page. @param room `<story>/<page>` */
export const openProvider = (
  collab: string,
  room: string,
  { ports, ...options }: Partial<ConnectOptions> = {},
): Provider => {
  const [story = '', page = ''] = room.split('/')
  const provider = connect({ url: collab, story, page, ...options, ports: { openSocket, ...ports } })
  onTestFinished(() => provider.destroy())
  return provider
}

export const untilSynced = async (provider: Provider): Promise<void> => {
  await until(`a provider to be synced with ${provider.page}`, () => provider.synced)
}

export const untilSaved = async (provider: Provider, withinMs = 20_000): Promise<void> => {
  await until(
    `all of ${provider.page} to be saved`,
    () => provider.state.connection === 'online' && provider.state.saved.state === 'saved',
    { withinMs },
  )
}
