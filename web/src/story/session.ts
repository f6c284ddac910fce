/**
 * A story that is open in this window: its own document, the page in view, pages that were left before all of them was
 * saved, and pictures. Its light speaks of all of that, not of the page in view alone.
 */

import * as Y from 'yjs'
import { STORY_PAGE } from '../../../shared/names.ts'
import { indexedDb } from '../../../shared/provider/indexeddb.ts'
import { connect, type Provider, type Saved } from '../../../shared/provider/provider.ts'
import { readStory, type Story } from '../../../shared/story.ts'
import { type Caller, callerFor } from '../device/caller.ts'
import { Pictures } from '../device/pictures.ts'
import { Previews } from '../device/previews.ts'
import { tokenFor } from '../device/tokens.ts'
import { keepUnsaved, unsavedPages } from '../device/unsaved.ts'
import { Colours } from './colours.ts'
import type { EarlyPage } from './early.ts'

export interface Light {
  /** null: what this device holds is not known yet. */
  readonly state: Saved['state'] | null
  readonly count: number
  readonly pictures: number
}

export interface SessionState {
  readonly story: Story
  readonly light: Light
  readonly previews: Previews['all']
  /** Of those who are here. */
  readonly colours: Colours['all']
}

const collab = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/collab`
const RANK = ['saved', 'sent', 'on this device'] as const

export class StorySession {
  readonly story: string
  readonly caller: Caller
  readonly pictures: Pictures
  readonly previews: Previews
  readonly colours: Colours
  /** The document `_story`. */
  readonly index: Provider
  readonly #pages = new Map<string, Provider>()
  readonly #loaded = new Set<Provider>()
  readonly #stops = new Map<Provider, () => void>()
  readonly #listeners = new Set<() => void>()
  /** Pages that hold something unsaved, from before too. */
  #unsaved: Set<string>
  #inView: string | null = null
  /** Pages that are visited for a moment. */
  readonly #visited = new Set<string>()
  #state: SessionState

  constructor(story: string) {
    this.story = story
    this.caller = callerFor(story)
    this.previews = new Previews(story)
    this.pictures = new Pictures(story, () => this.#look())
    this.colours = new Colours(
      this.caller,
      () => this.#knowsWhoIsHere,
      () => this.#look(),
    )
    this.#unsaved = new Set(unsavedPages(story))
    this.index = this.#connect(STORY_PAGE)
    this.#state = this.#now()
    const watch = (doc: Provider['doc']) => doc.on('update', () => this.#look())
    watch(this.index.doc)
    this.index.on('doc', watch)
    for (const page of this.#unsaved) if (page !== STORY_PAGE) this.#provide(page)
    // A device that keeps no pictures shows those of the service all the same.
    this.pictures.start().catch((error: unknown) => console.warn('no pictures are kept on this device:', error))
    addEventListener('online', this.#sendPictures)
  }

  get state(): SessionState {
    return this.#state
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Whether the story’s own document may be written: a link to one page gives no right to it. */
  get canArrange(): boolean {
    const { readOnly, connection } = this.index.state
    return readOnly === null && connection !== 'denied'
  }

  /** Shows a page; the one before is left once all of it is saved. */
  view(page: string | null): Provider | null {
    const before = this.#inView
    this.#inView = page
    if (before !== null && before !== page) this.#leave(before)
    this.index.awareness.setLocalStateField('page', page)
    return page === null ? null : this.#provide(page)
  }

  /** Puts in what the service held of a page, before a socket brings it. */
  fill({ page, update }: EarlyPage): void {
    const provider = this.#provide(page)
    // As if its socket had brought it: nothing of it waits to be saved.
    void provider.whenLoaded.then(() => Y.applyUpdate(provider.doc, update, provider))
  }

  /** Opens a page for a moment, as the keeper of all pages does. */
  visit(page: string): { readonly provider: Provider; readonly done: () => void } {
    this.#visited.add(page)
    const done = () => {
      this.#visited.delete(page)
      this.#leave(page)
    }
    return { provider: this.#provide(page), done }
  }

  /** Looks at a page for its thumbnail. */
  preview(page: string, lastEdit: string | null): void {
    const provider = this.#pages.get(page)
    if (provider === undefined) return
    this.previews.take(page, provider.doc, lastEdit)
    this.#look()
  }

  /** Opens again what was not opened, with the token that is kept now. */
  tryAgain(): void {
    for (const provider of [this.index, ...this.#pages.values()]) {
      if (provider.state.connection === 'denied') provider.tryAgain()
    }
    this.pictures.send()
  }

  async close(): Promise<void> {
    removeEventListener('online', this.#sendPictures)
    this.pictures.close()
    for (const stop of this.#stops.values()) stop()
    await Promise.all([this.index, ...this.#pages.values()].map((provider) => provider.destroy()))
  }

  /** All who are here show themselves on the story’s own document; where that is barred, on a page. */
  get #knowsWhoIsHere(): boolean {
    const { synced, connection } = this.index.state
    return synced || (connection === 'denied' && [...this.#pages.values()].some((page) => page.state.synced))
  }

  readonly #sendPictures = () => this.pictures.send()

  #provide(page: string): Provider {
    const open = this.#pages.get(page)
    if (open !== undefined) return open
    const provider = this.#connect(page)
    this.#pages.set(page, provider)
    return provider
  }

  #connect(page: string): Provider {
    const { story, caller } = this
    // In open mode people are called what their address says.
    const openSocket = (url: string, protocols: string[]) =>
      new WebSocket(tokenFor(story) === null ? `${url}?user=${encodeURIComponent(caller.id)}` : url, protocols)
    const provider = connect({
      url: collab,
      story,
      page,
      token: () => tokenFor(story) ?? '',
      offline: indexedDb(),
      ports: { openSocket: openSocket as never },
    })
    void provider.whenLoaded.then(() => {
      this.#loaded.add(provider)
      this.#look()
    })
    const unwatch = this.colours.watch(provider)
    const unsubscribe = provider.subscribe(() => {
      this.colours.look()
      this.#look()
    })
    this.#stops.set(provider, () => {
      unwatch()
      unsubscribe()
    })
    return provider
  }

  /** Closes a page that is not in view, once all of it is saved. */
  #leave(page: string): void {
    const provider = this.#pages.get(page)
    if (provider === undefined || page === this.#inView || this.#visited.has(page)) return
    if (!this.#loaded.has(provider) || provider.state.saved.state !== 'saved') return
    this.#pages.delete(page)
    this.#stops.get(provider)?.()
    this.#stops.delete(provider)
    this.#loaded.delete(provider)
    void provider.destroy()
  }

  #look(): void {
    this.#noteUnsaved()
    const next = this.#now()
    const isSame = isEqual(next, this.#state)
    if (!isSame) this.#state = next
    for (const page of this.#pages.keys()) this.#leave(page)
    if (!isSame) for (const listener of [...this.#listeners]) listener()
  }

  #noteUnsaved(): void {
    const unsaved = new Set(this.#unsaved)
    for (const provider of this.#loaded) {
      if (provider.state.saved.state === 'saved') unsaved.delete(provider.page)
      else unsaved.add(provider.page)
    }
    if ([...unsaved].join('/') === [...this.#unsaved].join('/')) return
    this.#unsaved = unsaved
    keepUnsaved(this.story, unsaved)
  }

  #now(): SessionState {
    return {
      story: readStory(this.index.doc),
      light: this.#lightNow(),
      previews: this.previews.all,
      colours: this.colours.all,
    }
  }

  #lightNow(): Light {
    const pictures = this.pictures.waiting
    const open = [this.index, ...this.#pages.values()]
    const count = open.reduce((sum, { state }) => sum + state.saved.count, 0)
    if (open.some((provider) => !this.#loaded.has(provider))) return { state: null, count, pictures }
    const worst = Math.max(...open.map(({ state }) => RANK.indexOf(state.saved.state)), pictures > 0 ? 2 : 0)
    return { state: RANK[worst] ?? 'on this device', count, pictures }
  }
}

const isEqual = (one: SessionState, other: SessionState): boolean =>
  one.previews === other.previews &&
  one.colours === other.colours &&
  JSON.stringify([one.story, one.light]) === JSON.stringify([other.story, other.light])
