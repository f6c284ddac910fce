/** A whole story on this device: its own document, pages opened as they are needed, and all others kept up to date. */
import { STORY_PAGE } from '../names.ts'
import { keyValue } from './key-value.ts'
import type { Offline } from './offline.ts'
import { defaultPorts, type Ports } from './ports.ts'
import { connect, type Provider } from './provider.ts'
import { shareToken } from './share-token.ts'
import { Observable } from './state.ts'
import { type StorySynced, type SyncStoryOptions, syncStory } from './sync-story.ts'
import { wordsOf } from './words.ts'

/** The story's own document: its title, the order of its pages. */
/** Pages without a socket are brought up to date this often, and whenever the story comes online. */
const SYNC_MS = 600_000
const WARM_PAGES = 4

export interface OpenStoryOptions extends Omit<SyncStoryOptions, 'fetch' | 'pages' | 'ports'> {
  /** Where it is not as in a browser. */
  readonly fetch?: SyncStoryOptions['fetch']
  /** Pages that were left and keep their socket, so that to go back to them takes no time. */
  readonly warmPages?: number
  readonly ports?: Partial<Ports>
}

export interface StoryState {
  /** Whether pages without a socket are being brought up to date. */
  readonly isSyncing: boolean
  /** What came of it last; null: nothing yet. */
  readonly last: StorySynced | null
  /** Why it did not work; null: it did. It is tried again when the story comes online, and from time to time. */
  readonly fault: string | null
}

/** Opens a story. @throws URIError when its name has half a character */
export const openStory = (options: OpenStoryOptions): Story => new Story(options)

export class Story {
  /** The story's own document. */
  readonly outline: Provider
  readonly #options: OpenStoryOptions
  readonly #ports: Ports
  readonly #offline: Offline
  readonly #token: () => Promise<string>
  readonly #observed = new Observable<StoryState>({ isSyncing: false, last: null, fault: null })
  /** In use. */
  readonly #open = new Map<string, Provider>()
  /** Left, the one left first first. */
  readonly #warm = new Map<string, Provider>()
  #syncing: Promise<StorySynced> | null = null
  #stopTimer: () => void = () => undefined
  #isDestroyed = false

  constructor(options: OpenStoryOptions) {
    const { store, prefix, token } = options
    this.#options = options
    this.#ports = { ...defaultPorts, ...options.ports }
    this.#offline = typeof store === 'function' ? store : keyValue(store, prefix === undefined ? {} : { prefix })
    this.#token = shareToken(token, this.#ports)
    this.outline = this.#connect(STORY_PAGE)
    this.outline.on('synced', (isSynced) => {
      if (isSynced) this.#syncQuietly()
    })
  }

  get state(): StoryState {
    return this.#observed.state
  }

  /** Hears of each change of `state`. @returns how to stop */
  get subscribe(): (listener: () => void) => () => void {
    return this.#observed.subscribe
  }

  /** Opens a page, or gives the one that is open. @throws Error when the story was closed */
  open(page: string): Provider {
    if (this.#isDestroyed) throw new Error('the story was closed')
    if (page === STORY_PAGE) return this.outline
    const provider = this.#open.get(page) ?? this.#warm.get(page) ?? this.#connect(page)
    this.#warm.delete(page)
    this.#open.set(page, provider)
    return provider
  }

  /** Leaves a page. It stays on the device, and connected until others were left after it. */
  leave(page: string): void {
    const provider = this.#open.get(page)
    if (provider === undefined) return
    this.#open.delete(page)
    this.#warm.set(page, provider)
    const { warmPages = WARM_PAGES } = this.#options
    for (const [coldest, left] of this.#warm) {
      if (this.#warm.size <= warmPages) return
      this.#warm.delete(coldest)
      void left.destroy()
    }
  }

  /**
   * Brings all pages of the story up to date, both ways, without sockets.
   * @throws Error when the service cannot be reached or does not answer; what was done by then stays done
   */
  sync(): Promise<StorySynced> {
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = null
    })
    return this.#syncing
  }

  /** Leaves the story. @returns resolves once all is kept */
  async destroy(): Promise<void> {
    this.#isDestroyed = true
    this.#stopTimer()
    const pages = [...this.#open.values(), ...this.#warm.values(), this.outline]
    this.#open.clear()
    this.#warm.clear()
    await Promise.all(pages.map((provider) => provider.destroy()))
    // What it came to is told already.
    await this.#syncing?.catch(() => undefined)
  }

  #connect(page: string): Provider {
    const { url, story, ports } = this.#options
    return connect({ url, story, page, token: this.#token, offline: this.#offline, ...(ports && { ports }) })
  }

  async #sync(): Promise<StorySynced> {
    const { fetch = globalThis.fetch, ...options } = this.#options
    this.#observed.change({ isSyncing: true })
    try {
      const last = await syncStory({ ...options, fetch, token: this.#token })
      this.#observed.change({ last, fault: null })
      return last
    } catch (error) {
      this.#observed.change({ fault: wordsOf(error) })
      throw error
    } finally {
      this.#observed.change({ isSyncing: false })
    }
  }

  #syncQuietly(): void {
    // `state.fault` says it.
    this.sync().catch(() => undefined)
    this.#stopTimer()
    // Many that came at the same moment part.
    const wait = SYNC_MS * (0.5 + this.#ports.random())
    this.#stopTimer = this.#ports.after(wait, () => {
      if (this.outline.synced) this.#syncQuietly()
    })
  }
}
