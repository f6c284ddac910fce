/**
 * The last letters before a window closes. IndexedDB writes a moment later, and a browser that leaves does not wait for
 * it: what is not written yet is noted at once in localStorage, and read when the page is opened again.
 */
import { fromBase64, toBase64 } from './base64.ts'

const PREFIX = 'scriptorium:parting:'

/** None in a worker, which no window closes; none where it is barred, as IndexedDB is then too. */
const notes = (): Storage | null => {
  try {
    return globalThis.localStorage ?? null
  } catch {
    return null
  }
}

/** The page that a key of localStorage notes something of; null: it is somebody else's key. */
const pageOf = (key: string): string | null =>
  key.startsWith(PREFIX) ? key.slice(key.indexOf(':', PREFIX.length) + 1) : null

/** Pages of which something is noted. */
export const notedPages = (): string[] => Object.keys(notes() ?? {}).flatMap((key) => pageOf(key) ?? [])

export class Parting {
  readonly #page: string
  /** Of this window: others may leave at the same moment. */
  readonly #key: string
  /** Notes that are in the document, and not kept elsewhere yet. */
  #taken: string[] = []
  #isNoted = false
  #stop: () => void = () => undefined

  /** @param page unique on the device @param id of this window's copy */
  constructor(page: string, id: number) {
    this.#page = page
    this.#key = `${PREFIX}${id}:${page}`
  }

  /** Calls `leave` whenever the window may be about to close. */
  attend(leave: () => void): void {
    if (globalThis.document === undefined) return
    addEventListener('pagehide', leave)
    document.addEventListener('visibilitychange', leave)
    // A tab that is frozen may be discarded without another word.
    document.addEventListener('freeze', leave)
    this.#stop = () => {
      removeEventListener('pagehide', leave)
      document.removeEventListener('visibilitychange', leave)
      document.removeEventListener('freeze', leave)
    }
  }

  /** What windows noted that closed. */
  take(): Uint8Array[] {
    const storage = notes()
    const found = Object.entries(storage ?? {}).filter(([key]) => pageOf(key) === this.#page) as [string, string][]
    this.#taken = found.map(([key]) => key)
    return found.map(([, text]) => fromBase64(text))
  }

  /** Notes what is not kept elsewhere; null: all is. @throws DOMException when there is no room */
  note(unwritten: Uint8Array | null): void {
    if (unwritten !== null) notes()?.setItem(this.#key, toBase64(unwritten))
    else {
      for (const key of this.#taken.splice(0)) notes()?.removeItem(key)
      if (this.#isNoted) notes()?.removeItem(this.#key)
    }
    this.#isNoted = unwritten !== null
  }

  /** Forgets all that is noted of the page. */
  clear(): void {
    for (const key of Object.keys(notes() ?? {})) if (pageOf(key) === this.#page) notes()?.removeItem(key)
  }

  close(): void {
    this.#stop()
  }
}
