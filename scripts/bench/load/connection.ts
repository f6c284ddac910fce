/** A WebSocket client over a bare TCP socket: the load must cost less than what it measures. */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { clientFrame, FrameReader, Opcode } from './frames.ts'

export interface ConnectionEvents {
  /** A binary message. @returns whether its bytes are not needed any more */
  message(payload: Buffer): boolean
  /** Ended by the other side, or lost. Not called after `close`. */
  ended(reason: string): void
}

const HEAD_END = '\r\n\r\n'

export class Connection {
  readonly #socket: Socket
  readonly #reader = new FrameReader()
  #early: Buffer
  #events: ConnectionEvents | null = null
  #closing = false

  private constructor(socket: Socket, early: Buffer) {
    this.#socket = socket
    this.#early = early
  }

  /** Reads nothing until `listen`. @throws Error when the server does not answer with 101 and the offered subprotocol */
  static async open(url: string, subprotocol: string | null): Promise<Connection> {
    const { hostname, port, pathname } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    const lines = [
      `GET ${pathname} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      ...(subprotocol === null ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
    ]
    socket.write(lines.join('\r\n') + HEAD_END)
    const { head, rest } = await readHead(socket)
    const accepted = subprotocol === null || head.toLowerCase().includes(`sec-websocket-protocol: ${subprotocol}`)
    if (!head.startsWith('HTTP/1.1 101') || !accepted) {
      socket.destroy()
      throw new Error(`${url}: not accepted: ${head.split('\r\n')[0]}`)
    }
    return new Connection(socket, rest)
  }

  /** Starts reading. */
  listen(events: ConnectionEvents): void {
    this.#events = events
    this.#socket.on('data', (data) => this.#receive(data))
    this.#socket.on('error', (error) => this.#end(error.message))
    this.#socket.on('close', () => this.#end('the connection was lost'))
    if (this.#early.length > 0) this.#receive(this.#early)
    this.#early = Buffer.alloc(0)
    this.#socket.resume()
  }

  /** Writes a frame made by `clientFrame`. */
  write(frame: Buffer): void {
    this.#socket.write(frame)
  }

  /** Has what `write` writes leave in one piece. */
  together(write: () => void): void {
    this.#socket.cork()
    try {
      write()
    } finally {
      this.#socket.uncork()
    }
  }

  /** Ends it with a closing handshake. */
  close(): void {
    if (this.#closing) return
    this.#closing = true
    const normal = Buffer.from([0x03, 0xe8])
    this.#socket.end(clientFrame(Opcode.close, normal))
  }

  #receive(data: Buffer): void {
    this.#reader.push(data, ({ opcode, payload }) => {
      if (opcode === Opcode.binary) return this.#events?.message(payload) ?? true
      if (opcode === Opcode.ping) this.#socket.write(clientFrame(Opcode.pong, payload))
      else if (opcode === Opcode.close) this.#end(`closed: ${closeWords(payload)}`)
      return true
    })
  }

  #end(reason: string): void {
    if (this.#closing) return
    this.#closing = true
    this.#socket.end()
    this.#events?.ended(reason)
  }
}

const closeWords = (payload: Buffer): string =>
  payload.length < 2 ? 'no code' : `${payload.readUInt16BE(0)} ${payload.subarray(2).toString()}`

const readHead = (socket: Socket): Promise<{ head: string; rest: Buffer }> =>
  new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0)
    const heard = (data: Buffer) => {
      bytes = Buffer.concat([bytes, data])
      const end = bytes.indexOf(HEAD_END)
      if (end < 0) return
      socket.pause()
      settle()
      resolve({ head: bytes.subarray(0, end).toString('latin1'), rest: bytes.subarray(end + HEAD_END.length) })
    }
    const failed = (error?: Error) => {
      settle()
      reject(error ?? new Error('the connection was lost before the handshake'))
    }
    const lost = () => failed()
    const settle = () => {
      socket.off('data', heard)
      socket.off('error', failed)
      socket.off('close', lost)
    }
    socket.on('data', heard)
    socket.on('error', failed)
    socket.on('close', lost)
  })
