/** The hooks, in React itself. */
import { Window } from 'happy-dom'
import { createElement, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { PageState, Provider, Saved } from '../../shared/provider/provider.ts'
import { type Person, usePage, usePeople, useSaved } from '../../shared/react/react.ts'
import { openProvider, openSocket, untilSynced } from '../support/provider.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

interface Shown {
  provider: Provider | null
  state: PageState
  saved: Saved
  people: readonly Person[]
}

const Bearer = ({ url, token, shown }: { readonly url: string; readonly token: string; readonly shown: Shown[] }) => {
  const { provider, state } = usePage({ url, story: 's1', page: 'p2', token, ports: { openSocket } })
  shown.push({ provider, state, saved: useSaved(provider), people: usePeople(provider) })
  return null
}

const View = ({ url, shown }: { readonly url: string; readonly shown: Shown[] }) => {
  const { provider, state } = usePage({ url, story: 's1', page: 'p1', ports: { openSocket } })
  const seen = { provider, state, saved: useSaved(provider), people: usePeople(provider) }
  shown.push(seen)
  return createElement('p', null, `${seen.saved.state}, ${seen.people.length} others`)
}

/** A document for React to draw in, as in a browser: React is not told when to look, so nothing waits for `act`. */
const startPage = () => {
  const window = new Window()
  // They stay: React looks for them a moment after it has left.
  Object.assign(globalThis, { window, document: window.document })
  onTestFinished(() => window.happyDOM.close())
  const container = window.document.createElement('div')
  return { container, root: createRoot(container as unknown as Element) }
}

describe('the hooks', { timeout: 60_000 }, () => {
  it('open a page, show its light and who is there, and leave it', async () => {
    const { collab } = await startService((await anyPostgres().open()).env)
    const shown: Shown[] = []
    const now = () => shown.at(-1) as Shown
    const { container, root } = startPage()
    root.render(createElement(View, { url: collab, shown }))
    await until('the page to be there', () => shown.length > 0 && now().state.synced)
    const other = openProvider(collab, 's1/p1')
    await untilSynced(other)
    other.awareness.setLocalStateField('user', { name: 'ben' })
    await until('the other to be seen', () => now().people.some((person) => 'user' in person))
    expect(now().people).toMatchObject([{ clientId: other.doc.clientID, user: { name: 'ben' } }])
    const provider = now().provider as Provider
    provider.doc.getText('text').insert(0, 'once')
    await until(
      'it to be saved',
      () => now().saved.state === 'saved' && shown.some(({ saved }) => saved.state === 'sent'),
    )
    await until('it to be drawn', () => container.textContent === 'saved, 1 others')
    await until('the other to read it', () => other.doc.getText('text').toString() === 'once')
    root.unmount()
    await until('it to be left', () => provider.state.connection === 'offline')
    await until('the other to be alone', () => other.awareness.getStates().size === 1)
  })

  it('open a page once where React mounts all twice, and bring the token that was rendered last', async () => {
    const { collab } = await startService({ ...(await anyPostgres().open()).env, ...TOKEN_ENV })
    const shown: Shown[] = []
    const now = () => shown.at(-1) as Shown
    const { root } = startPage()
    const tokenFor = (role: 'read' | 'write', ttl: number) => tokenOf('ana', { stories: { s1: role }, ttl })
    const render = (token: string) =>
      root.render(createElement(StrictMode, null, createElement(Bearer, { url: collab, token, shown })))
    render(await tokenFor('read', 4))
    await until('the page to be there', () => shown.length > 0 && now().state.synced)
    const provider = now().provider as Provider
    const mounted = new Set(shown.flatMap((each) => each.provider ?? []))
    for (const other of mounted) if (other !== provider) expect(other.state.connection).toBe('offline')
    const other = openProvider(collab, 's1/p2', { token: await tokenFor('read', 600) })
    await untilSynced(other)
    // An awareness that nobody touched is told anew after 15 s.
    const seeEachOther = () => now().people.length === 1 && other.awareness.getStates().size === 2
    await until('each to see the other alone', seeEachOther, { withinMs: 10_000 })
    render(await tokenFor('write', 600))
    await until('the fresh token to count', () => now().state.role === 'write')
    expect(now().provider).toBe(provider)
    expect(now().state.connection).toBe('online')
    root.unmount()
    await until('it to be left', () => other.awareness.getStates().size === 1)
  })
})
