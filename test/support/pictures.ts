/** Small pictures for tests. */
import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'

const chunk = (name: string, data: Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crcOf(body))
  return Buffer.concat([length, body, check])
}

const crcOf = (data: Uint8Array): number => {
  let crc = 0xffffffff
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

/** A PNG of one grey square; another shade is another picture. @param extraBytes of noise, to make it large */
export const pngOf = (shade: number, extraBytes = 0): Uint8Array => {
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0])
  const pixels = deflateSync(Buffer.from([0, shade & 255]))
  const noise = extraBytes === 0 ? [] : [chunk('teSt', Buffer.alloc(extraBytes, shade & 255))]
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])
  const parts = [chunk('IHDR', header), ...noise, chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]
  return new Uint8Array(Buffer.concat([signature, ...parts]))
}

export const hashOf = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')
