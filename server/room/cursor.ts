/** Reading Yjs bytes strictly: nothing is trusted, and whatever a stock client would throw on is refused. */

/** An update that no reader may be sent; the message names the fault. */
export class InvalidUpdate extends Error {}

/** Clocks stay below this: Yjs and its peers count in 32 bits. */
const MAX_CLOCK = 2 ** 31
const MAX_DEPTH = 100

export class Cursor {
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  fail(fault: string): never {
    throw new InvalidUpdate(fault)
  }

  /** @throws InvalidUpdate when bytes are left over */
  end(): void {
    if (this.at !== this.bytes.length) this.fail('bytes are left over')
  }

  byte(): number {
    const byte = this.bytes[this.at]
    if (byte === undefined) this.fail('it is cut short')
    this.at++
    return byte
  }

  varUint(): number {
    let byte = this.byte()
    let value = byte & 0x7f
    for (let factor = 128; byte >= 0x80; factor *= 128) {
      byte = this.byte()
      value += (byte & 0x7f) * factor
      if (value > Number.MAX_SAFE_INTEGER) this.fail('a number is too large')
    }
    return value
  }

  /** A length or count that must not be zero. */
  length(): number {
    const length = this.varUint()
    if (length === 0) this.fail('a length is zero')
    return length
  }

  checkClock(clock: number): void {
    if (clock >= MAX_CLOCK) this.fail('a clock is too large')
  }

  skip(count: number): void {
    if (count > this.bytes.length - this.at) this.fail('it is cut short')
    this.at += count
  }

  /** Passes over a string. @returns its length in UTF-16 code units, as Yjs counts */
  string(): number {
    const length = this.varUint()
    const end = this.at + length
    if (end > this.bytes.length) this.fail('it is cut short')
    const units = utf16Length(this.bytes, this.at, end)
    if (units < 0) this.fail('a string is not valid UTF-8')
    this.at = end
    return units
  }

  /** A short string that names something. */
  name(maxBytes: number): string {
    const text = this.text()
    if (text.length > maxBytes) this.fail(`a name is longer than ${maxBytes} bytes`)
    return text
  }

  /** Passes over a string that must be JSON. */
  json(): void {
    const text = this.text()
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      this.fail('a value is not valid JSON')
    }
    if (!isShallow(value, MAX_DEPTH)) this.fail(`a value is nested deeper than ${MAX_DEPTH}`)
  }

  /** Passes over a string that must be JSON or `undefined`. */
  jsonOrUndefined(): void {
    const start = this.at
    if (this.text() === 'undefined') return
    this.at = start
    this.json()
  }

  /** Passes over a value as lib0 writes it. @returns its type byte */
  any(depth = 0): number {
    if (depth > MAX_DEPTH) this.fail(`a value is nested deeper than ${MAX_DEPTH}`)
    const type = this.byte()
    switch (type) {
      case 127: // undefined
      case 126: // null
      case 121: // false
      case 120: // true
        return type
      case 125:
        this.varInt()
        return type
      case 124:
        this.skip(4)
        return type
      case 123: // float64
      case 122: // bigint
        this.skip(8)
        return type
      case 119:
        this.string()
        return type
      case 118:
        for (let count = this.varUint(); count > 0; count--) {
          this.string()
          this.any(depth + 1)
        }
        return type
      case 117:
        for (let count = this.varUint(); count > 0; count--) this.any(depth + 1)
        return type
      case 116:
        this.skip(this.varUint())
        return type
      default:
        this.fail(`a value of unknown type ${type}`)
    }
  }

  text(): string {
    const start = this.at
    const length = this.varUint()
    this.at = start
    this.string()
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at))
  }

  varInt(): void {
    let byte = this.byte()
    let value = byte & 0x3f
    for (let factor = 64; byte >= 0x80; factor *= 128) {
      byte = this.byte()
      value += (byte & 0x7f) * factor
      if (value > Number.MAX_SAFE_INTEGER) this.fail('a number is too large')
    }
  }
}

/** The length in UTF-16 code units, or -1 where the bytes are not valid UTF-8 (RFC 3629). */
const utf16Length = (bytes: Uint8Array, from: number, end: number): number => {
  let units = 0
  for (let at = from; at < end; ) {
    const lead = bytes[at] as number
    if (lead < 0x80) {
      at++
      units++
      continue
    }
    const size = lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0
    if (size === 0 || at + size > end) return -1
    const second = bytes[at + 1] as number
    const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
    const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
    if (second < lowest || second > highest) return -1
    for (let i = 2; i < size; i++) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return -1
    at += size
    units += size === 4 ? 2 : 1
  }
  return units
}

const isShallow = (value: unknown, depth: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (depth > 0 && Object.values(value).every((inner) => isShallow(inner, depth - 1)))
