/** Every piece of code of docs/provider.md, run as it stands: only the address is another. */
import 'fake-indexeddb/auto'
import { Window } from 'happy-dom'
import { createElement, type FunctionComponent } from 'react'
import { createRoot } from 'react-dom/client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type * as Y from 'yjs'
import type { Provider } from '../../shared/provider/provider.ts'
import type { Story } from '../../shared/provider/story.ts'
import { memoryStore } from '../support/key-values.ts'
import { untilSaved } from '../support/provider.ts'
import { sharedService } from '../support/shared-service.ts'
import { runSnippet, type Surroundings, snippetsOf } from '../support/snippets.ts'
import { readAfresh } from '../support/stock.ts'
import { until } from '../support/until.ts'

// As in every engine that the snippets are for; Node 20 has none.
globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket
const { fetch: fetchReally } = globalThis
// The app's own backend, which gives tokens: none in open mode.
globalThis.fetch = (address, init) =>
  String(address).endsWith('/my-backend/token') ? Promise.resolve(new Response('')) : fetchReally(address, init)

const SNIPPETS = snippetsOf('docs/provider.md')
const left = new Set(SNIPPETS.keys())
const shared = sharedService({})

const run = (name: string, story: string, packages: Surroundings['packages'] = {}) => {
  left.delete(name)
  const { collab } = shared().service
  const replaced = { 'wss://stories.example/collab': collab, "'s1'": `'${story}'` }
  return runSnippet(name, SNIPPETS.get(name) ?? '', { packages, replaced })
}

const kept = (provider: Provider): Provider => {
  onTestFinished(() => provider.destroy())
  return provider
}

const write = (doc: Y.Doc, words: string): void => doc.getText('text').insert(0, words)
const stored = async (room: string) => (await readAfresh(shared().service.collab, room)).getText('text').toString()

/** A package that tells of something: `addListener` and `addEventListener` of phones. */
const teller = () => {
  const listeners = new Set<(said: never) => void>()
  const remove = () => listeners.clear()
  return {
    listen: (_event: unknown, listener: (said: never) => void) => {
      listeners.add(listener)
      return Object.assign(Promise.resolve({ remove }), { remove })
    },
    say: (said: unknown) => {
      for (const listener of listeners) listener(said as never)
    },
    listeners,
  }
}

type OpenPage = (story: string, page: string, token: () => Promise<string>) => Provider

describe('the snippets of docs/provider.md', { timeout: 60_000 }, () => {
  it('open.ts, light.ts and refused.ts', async () => {
    const { provider, doc, awareness } = (await run('open.ts', 'a')) as {
      provider: Provider
      doc: Y.Doc
      awareness: unknown
    }
    kept(provider)
    expect([doc, awareness]).toEqual([provider.doc, provider.awareness])
    const { followLight } = (await run('light.ts', 'a')) as {
      followLight: (of: Provider, show: (words: string) => void) => () => void
    }
    const shown: string[] = []
    const stop = followLight(provider, (words) => shown.push(words))
    await untilSaved(provider)
    write(doc, 'once')
    await untilSaved(provider)
    stop()
    expect(shown).toContain('Saving …')
    expect(shown.at(-1)).toBe('Saved')

    const { onRefused } = (await run('refused.ts', 'a')) as {
      onRefused: (of: Provider, choice: 'drop', keep: (copy: Uint8Array) => void) => Promise<void>
    }
    const copies: Uint8Array[] = []
    await onRefused(provider, 'drop', (copy) => copies.push(copy))
    expect(copies).toEqual([])
    // More than one edit may have.
    write(doc, 'x'.repeat(1_100_000))
    await until('the refusal', () => provider.state.refused)
    await onRefused(provider, 'drop', (copy) => copies.push(copy))
    expect(copies).toHaveLength(1)
    await untilSaved(provider)
    expect(provider.doc.getText('text').toString()).toBe('once')
  })

  it('keep-in-browser.ts, story.ts and service-worker.ts', async () => {
    const { provider } = (await run('keep-in-browser.ts', 'b')) as { provider: Provider }
    kept(provider)
    await untilSaved(provider)
    provider.disconnect()
    write(provider.doc, 'kept')
    await provider.destroy()

    const listeners = new Map<string, (event: unknown) => void>()
    Object.assign(globalThis, { self: { addEventListener: listeners.set.bind(listeners) } })
    await run('service-worker.ts', 'b')
    const works: Promise<unknown>[] = []
    listeners.get('sync')?.({ waitUntil: (work: Promise<unknown>) => works.push(work) })
    await Promise.all(works)
    expect(await stored('b/chapter-1')).toBe('kept')

    const { story, page } = (await run('story.ts', 'b')) as { story: Story; page: Provider }
    onTestFinished(() => story.destroy())
    await page.whenLoaded
    expect(page.doc.getText('text').toString()).toBe('kept')
    await until('the story to be there', () => story.state.last?.synced.includes('chapter-1'))
  })

  it('expo.ts and expo-background.ts', async () => {
    const AsyncStorage = memoryStore()
    const [app, network] = [teller(), teller()]
    const packages = {
      '@react-native-async-storage/async-storage': { default: AsyncStorage },
      '@react-native-community/netinfo': {
        default: {
          addEventListener: (listener: (said: never) => void) => {
            network.listen(null, listener)
            return () => network.listeners.clear()
          },
        },
      },
      'react-native': { AppState: { addEventListener: app.listen } },
    }
    const { openPage } = (await run('expo.ts', 's1', packages)) as { openPage: OpenPage }
    const provider = kept(openPage('c', 'chapter-1', async () => ''))
    await untilSaved(provider)
    app.say('background')
    network.say({ isConnected: false })
    app.say('active')
    provider.disconnect()
    write(provider.doc, 'on the phone')
    await provider.destroy()
    expect([app.listeners.size, network.listeners.size]).toEqual([0, 0])

    const tasks = new Map<string, () => Promise<unknown>>()
    const registered: string[] = []
    await run('expo-background.ts', 'c', {
      ...packages,
      'expo-task-manager': { defineTask: tasks.set.bind(tasks) },
      'expo-background-task': {
        BackgroundTaskResult: { Success: 1, Failed: 2 },
        registerTaskAsync: async (name: string) => registered.push(name),
      },
    })
    expect(registered).toEqual(['sync-story'])
    expect(await tasks.get('sync-story')?.()).toBe(1)
    expect(await stored('c/chapter-1')).toBe('on the phone')
  })

  it('capacitor.ts', async () => {
    const [app, network] = [teller(), teller()]
    const { openPage } = (await run('capacitor.ts', 's1', {
      '@capacitor/app': { App: { addListener: app.listen } },
      '@capacitor/network': { Network: { addListener: network.listen } },
    })) as { openPage: OpenPage }
    const provider = kept(openPage('d', 'chapter-1', async () => ''))
    await untilSaved(provider)
    app.say({ isActive: false })
    network.say({ connected: true } satisfies { connected: boolean })
    await provider.destroy()
    await until('it to stop listening', () => app.listeners.size + network.listeners.size === 0)
  })

  it('page.tsx', async () => {
    const { Page } = (await run('page.tsx', 's1')) as {
      Page: FunctionComponent<{ story: string; page: string; token: string }>
    }
    const window = new Window()
    Object.assign(globalThis, { window, document: window.document })
    onTestFinished(() => window.happyDOM.close())
    const container = window.document.createElement('div')
    const root = createRoot(container as unknown as Element)
    root.render(createElement(Page, { story: 'e', page: 'p1', token: '' }))
    await until('it to be drawn', () => container.textContent === 'online, saved (0 wait), 0 others')
    root.unmount()
  })

  it('are all of them', () => {
    expect([...left]).toEqual([])
  })
})
