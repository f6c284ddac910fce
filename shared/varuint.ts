/** Variable-length unsigned integers as lib0 writes them: seven bits a byte, the lowest first. */

/** Bytes that `value` takes. */
export const varUintSize = (value: number): number => {
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

/** Writes `value` at `at`. @returns the offset after it */
export const putVarUint = (bytes: Uint8Array, at: number, value: number): number => {
  let rest = value
  let to = at
  while (rest >= 128) {
    bytes[to++] = 128 | (rest % 128)
    rest = Math.floor(rest / 128)
  }
  bytes[to++] = rest
  return to
}
