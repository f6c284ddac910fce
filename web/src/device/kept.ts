/** Small notes on this device. Where a browser keeps none (private windows), they last as long as the page. */

const passing = new Map<string, string>()
const nameOf = (key: string): string => `scriptorium:${key}`

/** @returns what was kept under `key`, or `otherwise` */
export const recall = <T>(key: string, otherwise: T): T => {
  const name = nameOf(key)
  try {
    const text = localStorage.getItem(name) ?? passing.get(name)
    return text === undefined ? otherwise : (JSON.parse(text) as T)
  } catch {
    // Storage that is barred, or a note that something else wrote over.
    return otherwise
  }
}

/** Keeps `value`, as JSON. */
export const keep = (key: string, value: unknown): void => {
  const name = nameOf(key)
  const text = JSON.stringify(value)
  passing.set(name, text)
  try {
    localStorage.setItem(name, text)
  } catch {
    // Full or barred: the note lasts as long as the page.
  }
}

/** A short name for something new, the same nowhere else. */
export const freshId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(5))].map((byte) => byte.toString(36).padStart(2, '0')).join('')
