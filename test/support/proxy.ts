/** A TCP proxy that can lose, hold back and refuse, between two real ends. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A line that is slow and far away, both ways. */
export interface Line {
  readonly bitsPerSecond: number
  readonly delayMs: number
}

export interface TcpProxy {
  readonly port: number
  /** How many connections were tried. */
  readonly tried: number
  /** Breaks every connection and refuses new ones until `resume`. */
  cut(): void
  /** Carries nothing either way, and breaks nothing, until `resume`. */
  stall(): void
  /** Refuses new connections; those open live on. */
  refuse(): void
  /** Carries everything again. */
  resume(): void
}

/** How what `from` sends is carried to `to`. */
type Carry = (from: Socket, to: Socket, mayRead: () => boolean) => void

/** As fast as this machine. */
const asItIs: Carry = (from, to) => {
  from.on('data', (bytes) => to.write(bytes))
}

/** Bytes under way on a slow line before the sender is not read any more. */
const LINE_BYTES = 64 * 1024

/** As slowly as a line is. */
export const slowly =
  ({ bitsPerSecond, delayMs }: Line): Carry =>
  (from, to, mayRead) => {
    let freeAt = 0
    let underWay = 0
    from.on('data', (bytes) => {
      const now = performance.now()
      freeAt = Math.max(now, freeAt) + (bytes.length * 8000) / bitsPerSecond
      underWay += bytes.length
      if (underWay > LINE_BYTES) from.pause()
      setTimeout(
        () => {
          to.write(bytes)
          underWay -= bytes.length
          if (underWay <= LINE_BYTES && mayRead()) from.resume()
        },
        freeAt - now + delayMs,
      )
    })
  }

/** In pieces of other sizes, each in a turn of its own. @param sizeOf bytes of the next piece */
export const chopped =
  (sizeOf: () => number): Carry =>
  (from, to, mayRead) => {
    from.on('data', async (bytes) => {
      from.pause()
      for (let at = 0; at < bytes.length; ) {
        const end = at + sizeOf()
        to.write(bytes.subarray(at, end))
        at = end
        await new Promise((resolve) => setImmediate(resolve))
      }
      if (mayRead()) from.resume()
    })
  }

/** Starts a proxy to `host:port`, closed when the test ends. */
export const startProxy = async (host: string, port: number, carry = asItIs): Promise<TcpProxy> => {
  const open = new Set<Socket>()
  let refusing = false
  let stalled = false
  let tried = 0
  const track = (socket: Socket, other: Socket) => {
    open.add(socket)
    socket.on('error', () => other.destroy())
    socket.on('close', () => {
      open.delete(socket)
      other.destroy()
    })
    socket.setNoDelay(true)
    carry(socket, other, () => !stalled)
    if (stalled) socket.pause()
  }
  const server = createServer((near) => {
    tried++
    if (refusing) {
      near.on('error', () => near.destroy())
      near.resetAndDestroy()
      return
    }
    const far = connect(port, host)
    track(near, far)
    track(far, near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('the proxy has no port')
  return {
    port: bound.port,
    get tried() {
      return tried
    },
    cut: () => {
      refusing = true
      for (const socket of open) socket.destroy()
    },
    stall: () => {
      stalled = true
      for (const socket of open) socket.pause()
    },
    refuse: () => {
      refusing = true
    },
    resume: () => {
      refusing = stalled = false
      for (const socket of open) socket.resume()
    },
  }
}
