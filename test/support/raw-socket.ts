/** A WebSocket by hand: sends whatever bytes it is told to, and reads only if it is told to. */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface RawSocket {
  readonly net: Socket
  /** Everything it has read, as close codes of the frames that hold one. */
  readonly closed: () => boolean
  closeCode(): number | null
}

const ignore = (): undefined => undefined

/** Opens a TCP connection and leaves it at that. */
export const rawConnection = (address: string): Socket => {
  const { hostname, port } = new URL(address)
  const net = connect(Number(port), hostname)
  net.on('error', ignore)
  onTestFinished(() => void net.destroy())
  return net
}

/** Opens a WebSocket at `path`. */
export const rawSocket = async (
  address: string,
  path: string,
  { protocols = ['scriptorium.v1'] as readonly string[], headers = [] as readonly string[] } = {},
): Promise<RawSocket> => {
  const net = rawConnection(address)
  let read = Buffer.alloc(0)
  let isClosed = false
  net.on('close', () => {
    isClosed = true
  })
  const opened = new Promise<void>((resolve, reject) => {
    net.on('data', (data) => {
      read = Buffer.concat([read, data]).subarray(-4096)
      if (read.includes('\r\n\r\n')) resolve()
    })
    net.on('close', () => reject(new Error('closed before the handshake ended')))
  })
  net.write(
    [
      `GET ${path} HTTP/1.1`,
      `Host: ${new URL(address).host}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Extensions: permessage-deflate',
      ...(protocols.length === 0 ? [] : [`Sec-WebSocket-Protocol: ${protocols.join(', ')}`]),
      ...headers,
      '',
      '',
    ].join('\r\n'),
  )
  await opened
  return {
    net,
    closed: () => isClosed,
    closeCode: () => {
      const at = read.findIndex((byte, index) => byte === 0x88 && (read[index + 1] ?? 255) < 126)
      return at < 0 || at + 4 > read.length ? null : read.readUInt16BE(at + 2)
    },
  }
}

/** A frame as a client sends it, masked with zeros. */
export const frame = (
  payload: Uint8Array,
  { opcode = 2, isFinal = true, isCompressed = false, length = payload.length } = {},
): Buffer => {
  const first = opcode | (isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0)
  const size =
    length < 126
      ? Buffer.from([first, 0x80 | length])
      : length < 65_536
        ? Buffer.from([first, 0xfe, length >> 8, length & 255])
        : Buffer.concat([Buffer.from([first, 0xff, 0, 0, 0, 0]), uint32(length)])
  return Buffer.concat([size, Buffer.alloc(4), payload])
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
