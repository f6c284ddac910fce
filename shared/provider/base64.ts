/** Base64 without the globals of any platform. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const CODES = new Uint8Array(128).fill(255)
for (let code = 0; code < 64; code++) CODES[ALPHABET.charCodeAt(code)] = code
CODES['-'.charCodeAt(0)] = 62
CODES['_'.charCodeAt(0)] = 63
const CHUNK = 6144

export const toBase64 = (bytes: Uint8Array): string => {
  const pieces: string[] = []
  for (let from = 0; from < bytes.length; from += CHUNK) {
    let piece = ''
    const end = Math.min(bytes.length, from + CHUNK)
    for (let at = from; at < end; at += 3) {
      const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
      piece += ALPHABET[word >> 18]
      piece += ALPHABET[(word >> 12) & 63]
      piece += at + 1 < end ? ALPHABET[(word >> 6) & 63] : '='
      piece += at + 2 < end ? ALPHABET[word & 63] : '='
    }
    pieces.push(piece)
  }
  return pieces.join('')
}

/** Reads base64, the variant of URLs too. @throws Error where it is none */
export const fromBase64 = (text: string): Uint8Array => {
  let length = text.length
  while (length > 0 && text[length - 1] === '=') length--
  const bytes = new Uint8Array(Math.floor((length * 3) / 4))
  let word = 0
  let bits = 0
  let at = 0
  for (let index = 0; index < length; index++) {
    const code = CODES[text.charCodeAt(index)] ?? 255
    if (code === 255) throw new Error('not base64')
    word = ((word << 6) | code) & 0xffffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = (word >> bits) & 255
  }
  return bytes
}
