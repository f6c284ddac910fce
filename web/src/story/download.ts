/** Hands a file to whoever uses the browser. */

/** An address that is let go once the browser has surely taken the file. */
const HELD_MS = 60_000

export const saveAs = (blob: Blob, name: string): void => {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), HELD_MS)
}
