/** The hooks, in React itself. */
import { Window } from 'happy-dom'
import { createElement } from 'react'
import { createRoot } from 'react-dom/client'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { PageState, Provider, Saved } from '../../shared/provider/provider.ts'
import { type Person, usePage, usePeople, useSaved } from '../../shared/react/react.ts'
import { openProvider, openSocket, untilSynced } from '../support/provider.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

interface Shown {
  provider: Provider | null
  state: PageState
  saved: Saved
  people: readonly Person[]
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
})
