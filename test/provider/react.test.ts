/** The hooks, in React itself. */
import { createElement } from 'react'
import { act, create } from 'react-test-renderer'
import { describe, expect, it } from 'vitest'
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
  shown.push({ provider, state, saved: useSaved(provider), people: usePeople(provider) })
  return null
}

describe('the hooks', { timeout: 60_000 }, () => {
  it('open a page, show its light and who is there, and leave it', async () => {
    const { collab } = await startService((await anyPostgres().open()).env)
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })
    const shown: Shown[] = []
    const now = () => shown.at(-1) as Shown
    let root: { unmount(): void } | null = null
    await act(() => {
      root = create(createElement(View, { url: collab, shown }))
    })
    /** Lets React take in what happened. */
    const becomes = (what: string, check: () => boolean) =>
      until(what, async () => {
        await act(async () => undefined)
        return check()
      })
    await becomes('the page to be there', () => now().state.synced)
    const other = openProvider(collab, 's1/p1')
    await untilSynced(other)
    other.awareness.setLocalStateField('user', { name: 'ben' })
    await becomes('the other to be seen', () => now().people.some((person) => 'user' in person))
    expect(now().people).toMatchObject([{ clientId: other.doc.clientID, user: { name: 'ben' } }])
    const provider = now().provider as Provider
    await act(() => provider.doc.getText('text').insert(0, 'once'))
    expect(shown.some(({ saved }) => saved.state === 'sent')).toBe(true)
    await becomes('it to be saved', () => now().saved.state === 'saved')
    await until('the other to read it', () => other.doc.getText('text').toString() === 'once')
    await act(() => root?.unmount())
    expect(provider.state.connection).toBe('offline')
    await until('the other to be alone', () => other.awareness.getStates().size === 1)
  })
})
