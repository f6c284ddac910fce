/** What the provider needs of where it runs, each with a default that browsers, Node and Hermes have. */

/** The slice of a WebSocket that is used. */
export interface SocketLike {
  binaryType: string
  readonly bufferedAmount: number
  readonly readyState: number
  onopen: (() => void) | null
  onmessage: ((event: { readonly data: unknown }) => void) | null
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null
  onerror: (() => void) | null
  send(frame: Uint8Array): void
  close(code?: number, reason?: string): void
}

/** What the surroundings tell: the network came or went, the app came to the front or left it. */
export type Signal = 'online' | 'offline' | 'visible' | 'hidden'

/** Carries changes to other tabs of one browser. */
export interface Channel {
  post(update: Uint8Array): void
  close(): void
}

export interface Ports {
  /** Opens a socket. */
  readonly openSocket: (url: string, protocols: string[]) => SocketLike
  /** Milliseconds that only go forward. */
  readonly now: () => number
  /** Milliseconds since 1970, for the end of a token. */
  readonly time: () => number
  /** Calls `task` later. @returns how to forget it */
  readonly after: (ms: number, task: () => void) => () => void
  /** From 0 up to 1, without 1. */
  readonly random: () => number
  /** Listens to the surroundings. @returns how to stop */
  readonly signals: (tell: (signal: Signal) => void) => () => void
  /** Joins other tabs that keep the same page; null where there are none. */
  readonly tabs: (name: string, heard: (update: Uint8Array) => void) => Channel | null
}

interface Listening {
  addEventListener?(type: string, listener: () => void): void
  removeEventListener?(type: string, listener: () => void): void
}
interface Surroundings extends Listening {
  readonly document?: Listening & { readonly visibilityState?: string }
  readonly performance?: { now?(): number }
  readonly WebSocket?: new (url: string, protocols: string[]) => unknown
  readonly BroadcastChannel?: new (
    name: string,
  ) => {
    onmessage: ((event: { readonly data: unknown }) => void) | null
    postMessage(message: unknown): void
    close(): void
  }
}

const surroundings = (): Surroundings => globalThis as unknown as Surroundings

const listen = (to: Listening | undefined, type: string, listener: () => void): (() => void) => {
  if (typeof to?.addEventListener !== 'function') return () => undefined
  to.addEventListener(type, listener)
  return () => to.removeEventListener?.(type, listener)
}

/** A browser's own signals; elsewhere there are none, and the app gives its own. */
const browserSignals = (tell: (signal: Signal) => void): (() => void) => {
  const { document } = surroundings()
  const look = () => tell(document?.visibilityState === 'hidden' ? 'hidden' : 'visible')
  const stops = [
    listen(surroundings(), 'online', () => tell('online')),
    listen(surroundings(), 'offline', () => tell('offline')),
    listen(document, 'visibilitychange', look),
    // It was frozen, or kept behind another page: its socket may be gone.
    listen(document, 'resume', look),
    listen(surroundings(), 'pageshow', look),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** A browser's own channel between tabs. */
const browserTabs: Ports['tabs'] = (name, heard) => {
  const { BroadcastChannel } = surroundings()
  if (BroadcastChannel === undefined) return null
  const channel = new BroadcastChannel(`scriptorium:${name}`)
  channel.onmessage = ({ data }) => {
    if (data instanceof Uint8Array) heard(data)
  }
  return { post: (update) => channel.postMessage(update), close: () => channel.close() }
}

export const defaultPorts: Ports = {
  openSocket: (url, protocols) => {
    const { WebSocket } = surroundings()
    if (WebSocket === undefined) throw new Error('there is no WebSocket here: give ports.openSocket')
    return new WebSocket(url, protocols) as SocketLike
  },
  now: () => surroundings().performance?.now?.() ?? Date.now(),
  time: () => Date.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
  signals: browserSignals,
  tabs: browserTabs,
}
