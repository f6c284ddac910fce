/** Strict reading of the primitives that Yjs V1 updates are made of. */

/** An update that no honest client sends; the message names the fault. */
export class InvalidUpdate extends Error {
  override name = 'InvalidUpdate'
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const isTail = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80

/**
 * Length in UTF-16 units of the UTF-8 text between two offsets.
 * @throws InvalidUpdate where it is not well-formed
 */
const utf16Length = (bytes: Uint8Array, from: number, end: number): number => {
  let units = 0
  let at = from
  while (at < end) {
    const lead = bytes[at] as number
    units++
    if (lead < 0x80) {
      at++
      continue
    }
    const second = bytes[at + 1] as number
    let size = 2
    let isWellFormed = lead >= 0xc2 && isTail(second)
    if (lead >= 0xf0) {
      size = 4
      units++
      isWellFormed &&= lead < 0xf5 && (lead !== 0xf0 || second >= 0x90) && (lead !== 0xf4 || second < 0x90)
      isWellFormed &&= isTail(bytes[at + 2]) && isTail(bytes[at + 3])
    } else if (lead >= 0xe0) {
      size = 3
      isWellFormed &&= (lead !== 0xe0 || second >= 0xa0) && (lead !== 0xed || second < 0xa0) && isTail(bytes[at + 2])
    }
    at += size
    if (!isWellFormed || at > end) throw new InvalidUpdate('text is not well-formed UTF-8')
  }
  return units
}

export class Reader {
  readonly bytes: Uint8Array
  at = 0
  /** Set where a value was null or undefined; unset by whoever asks. */
  passedNothing = false

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  /** @throws InvalidUpdate at the end of the bytes */
  byte(): number {
    if (this.at >= this.bytes.length) throw new InvalidUpdate('truncated')
    return this.bytes[this.at++] as number
  }

  /** @throws InvalidUpdate at the end of the bytes, or where the number is too large to be exact */
  varUint(): number {
    const first = this.byte()
    return first < 128 ? first : this.#rest(first & 127, 128)
  }

  /** Passes a signed integer. @throws InvalidUpdate as `varUint` does */
  skipVarInt(): void {
    const first = this.byte()
    if (first >= 128) this.#rest(first & 63, 64)
  }

  /** Passes `length` bytes. @throws InvalidUpdate where there are fewer */
  skip(length: number): void {
    if (length > this.bytes.length - this.at) throw new InvalidUpdate('truncated')
    this.at += length
  }

  /** Passes a text. @returns its length in UTF-16 units @throws InvalidUpdate where it is not well-formed */
  skipText(): number {
    const length = this.varUint()
    const from = this.at
    this.skip(length)
    return utf16Length(this.bytes, from, this.at)
  }

  /** @throws InvalidUpdate where it is not well-formed, or larger than `maxBytes` */
  text(maxBytes = Number.MAX_SAFE_INTEGER): string {
    const length = this.varUint()
    if (length > maxBytes) throw new InvalidUpdate(`a name is longer than ${maxBytes} bytes`)
    const from = this.at
    this.skip(length)
    const units = utf16Length(this.bytes, from, this.at)
    if (units !== length || length > 24) return decoder.decode(this.bytes.subarray(from, this.at))
    let text = ''
    for (let at = from; at < this.at; at++) text += String.fromCharCode(this.bytes[at] as number)
    return text
  }

  #rest(low: number, from: number): number {
    let value = low
    for (let scale = from; scale < 2 ** 53; scale *= 128) {
      const byte = this.byte()
      value += (byte & 127) * scale
      if (value > Number.MAX_SAFE_INTEGER) break
      if (byte < 128) return value
    }
    throw new InvalidUpdate('a number is too large')
  }
}
