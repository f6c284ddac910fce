import { afterEach, describe, expect, it } from 'vitest'
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { Presence } from '../../server/room/presence.ts'

const opened: Awareness[] = []
const person = (name: string): Awareness => {
  const awareness = new Awareness(new Y.Doc())
  awareness.setLocalState({ name })
  opened.push(awareness)
  return awareness
}
const own = (awareness: Awareness): Uint8Array => encodeAwarenessUpdate(awareness, [awareness.clientID])
const hear = (awareness: Awareness, update: Uint8Array | null): void => {
  if (update !== null) applyAwarenessUpdate(awareness, update, 'server')
}
const names = (awareness: Awareness): unknown[] => [...awareness.getStates().values()].map((state) => state.name).sort()

afterEach(() => {
  for (const awareness of opened.splice(0)) awareness.destroy()
})

describe('presence', () => {
  it('relays what each member says of itself, and tells a newcomer of all', () => {
    const presence = new Presence<{ user: null }>(4096, () => undefined)
    const [ana, ben, reader] = [person('ana'), person('ben'), person('reader')]
    presence.receive({ user: null }, own(ana))
    presence.receive({ user: null }, own(ben))
    hear(reader, presence.takeChanged())
    expect(names(reader)).toEqual(['ana', 'ben', 'reader'])
    const late = person('late')
    hear(late, presence.all())
    expect(names(late)).toEqual(['ana', 'ben', 'late'])
    expect(presence.takeChanged()).toBeNull()
  })

  it('drops an echo of somebody else, whatever it says', () => {
    const presence = new Presence<{ user: null }>(4096, () => undefined)
    const [ana, ben, reader] = [person('ana'), person('ben'), person('reader')]
    const benSocket = { user: null }
    presence.receive({ user: null }, own(ana))
    presence.receive(benSocket, own(ben))
    hear(ben, presence.takeChanged())
    ana.setLocalState(null)
    hear(ben, own(ana))
    presence.receive(benSocket, encodeAwarenessUpdate(ben, [ana.clientID]))
    hear(reader, presence.all())
    expect(names(reader)).toEqual(['ana', 'ben', 'reader'])
  })

  it('removes with the last clock, and tells whoever returns to renew', () => {
    const presence = new Presence<{ user: null }>(4096, () => undefined)
    const [ana, reader] = [person('ana'), person('reader')]
    const first = { user: null }
    presence.receive(first, own(ana))
    hear(reader, presence.takeChanged())
    presence.remove(presence.unbind(first))
    hear(reader, presence.takeChanged())
    expect(names(reader)).toEqual(['reader'])

    const again = { user: null }
    const renew = presence.receive(again, own(ana))
    expect(renew).not.toBeNull()
    hear(ana, renew)
    presence.receive(again, own(ana))
    hear(reader, presence.takeChanged())
    expect(names(reader)).toEqual(['ana', 'reader'])
  })

  it('keeps whoever returned before the removal was due', () => {
    const presence = new Presence<{ user: null }>(4096, () => undefined)
    const ana = person('ana')
    const first = { user: null }
    presence.receive(first, own(ana))
    presence.takeChanged()
    const orphans = presence.unbind(first)
    presence.receive({ user: null }, own(ana))
    presence.remove(orphans)
    expect(presence.takeChanged()).toBeNull()
    expect(presence.all()).not.toBeNull()
  })

  it('counts what is too large or no JSON, and refuses lengths that lie', () => {
    let dropped = 0
    const presence = new Presence<{ user: null }>(64, () => dropped++)
    const ana = person('a'.repeat(100))
    presence.receive({ user: null }, own(ana))
    presence.receive({ user: null }, new Uint8Array([1, 9, 1, 1, 0x7b]))
    expect(dropped).toBe(2)
    expect(presence.all()).toBeNull()
    expect(() => presence.receive({ user: null }, new Uint8Array([1, 9, 1, 200, 1]))).toThrow()
  })

  describe('of those who are with other processes', () => {
    const elsewhere = () => new Presence<{ user: null }>(4096, () => undefined)

    it('is relayed, told to newcomers, and not told on', () => {
      const presence = elsewhere()
      const [ana, reader] = [person('ana'), person('reader')]
      presence.receiveFrom('there', own(ana))
      expect(presence.takeSaid()).toEqual([])
      expect(presence.here()).toEqual([])
      hear(reader, presence.takeChanged())
      expect(names(reader)).toEqual(['ana', 'reader'])
      const late = person('late')
      hear(late, presence.all())
      expect(names(late)).toEqual(['ana', 'late'])
    })

    it('goes with the process that vouches for it, and only with that', () => {
      const presence = elsewhere()
      const [ana, reader] = [person('ana'), person('reader')]
      presence.receiveFrom('there', own(ana))
      hear(reader, presence.takeChanged())
      expect(presence.unbindFrom('another')).toEqual([])
      const gone = presence.unbindFrom('there')
      expect(gone).toEqual([ana.clientID])
      presence.remove(gone)
      hear(reader, presence.takeChanged())
      expect(names(reader)).toEqual(['reader'])
    })

    it('stays when somebody has come here from there, whatever is said there afterwards', () => {
      const presence = elsewhere()
      const [ana, reader] = [person('ana'), person('reader')]
      presence.receiveFrom('there', own(ana))
      hear(reader, presence.takeChanged())
      presence.receive({ user: null }, own(ana))
      ana.setLocalState(null)
      presence.receiveFrom('there', own(ana))
      presence.remove(presence.unbindFrom('there'))
      hear(reader, presence.takeChanged())
      expect(names(reader)).toEqual(['ana', 'reader'])
    })

    it('stays when somebody has gone there from here', () => {
      const presence = elsewhere()
      const [ana, reader] = [person('ana'), person('reader')]
      const socket = { user: null }
      presence.receive(socket, own(ana))
      ana.setLocalState({ name: 'ana' })
      presence.receiveFrom('there', own(ana))
      presence.remove(presence.unbind(socket))
      hear(reader, presence.takeChanged())
      expect(names(reader)).toEqual(['ana', 'reader'])
    })
  })
})
