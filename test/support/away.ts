/**
 * A device without a network. The browser's own switch is no cut: it is lifted from a window that closes, and the window
 * told so, a moment before it is gone; what it sends then arrives. So the line is cut as well.
 */
import type { BrowserContext } from 'playwright-core'
import { startProxy, type TcpProxy } from './proxy.ts'
import type { Service } from './service.ts'

/** A line to a service, which alone leads there. */
export interface ServiceLine extends Pick<TcpProxy, 'cut' | 'resume'> {
  /** http://127.0.0.1:<port> */
  readonly address: string
  /** What a provider is given as its server. */
  readonly collab: string
}

/** Lays a line to a service, for as long as the test. */
export const lineTo = async ({ address }: Service): Promise<ServiceLine> => {
  const { port, cut, resume } = await startProxy('127.0.0.1', Number(new URL(address).port))
  return { address: `http://127.0.0.1:${port}`, collab: `ws://127.0.0.1:${port}/collab`, cut, resume }
}

/** Takes the network from a device whose windows reach the service by `line`. */
export const goAway = async (context: BrowserContext, line: ServiceLine): Promise<void> => {
  await context.setOffline(true)
  line.cut()
}

/** Gives it back. */
export const comeBack = async (context: BrowserContext, line: ServiceLine): Promise<void> => {
  line.resume()
  await context.setOffline(false)
}
