import { describe, expect, it } from 'vitest'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { Content } from '../../server/room/content.ts'
import { Owners } from '../../server/room/owners.ts'
import { Presence } from '../../server/room/presence.ts'
import { randomEdit } from '../support/edits.ts'
import { randomFrom } from '../support/random.ts'

interface Person {
  readonly user: string | null
}

const typed = (id: number, words: string, on?: Uint8Array): { doc: Y.Doc; update: Uint8Array } => {
  const doc = new Y.Doc()
  if (on !== undefined) Y.applyUpdate(doc, on)
  doc.clientID = id
  let update = new Uint8Array()
  doc.once('update', (made: Uint8Array) => {
    update = made as Uint8Array<ArrayBuffer>
  })
  doc.getText('text').insert(0, words)
  return { doc, update }
}

/** A page and its owners, as a room has them. */
const page = () => {
  const content = new Content()
  const owners = new Owners<Person>()
  const take = (person: Person, update: Uint8Array, kind: 'live' | 'step2') =>
    content.take(update, kind, owners.bringer(person), new Map())
  let batches = 0
  const rows = () => content.cut(`batch ${batches++}`).map(({ author, via }) => [author, via])
  return { content, owners, take, rows }
}

const [ana, ben] = [{ user: 'ana' }, { user: 'ben' }]

describe('a clientID', () => {
  it('is its first live writer’s: while they are here nobody else’s words come in under it, and they are asked', () => {
    const { owners, take, rows } = page()
    const first = typed(1, 'Ana ')
    expect(take(ana, first.update, 'live').kind).toBe('new')
    const forged = typed(1, 'forged ', Y.encodeStateAsUpdate(first.doc))
    expect(take(ben, forged.update, 'live')).toEqual({ kind: 'owner', barred: [1] })
    expect(owners.holders(1)).toEqual([ana])
    const mixed = Y.mergeUpdates([forged.update, typed(2, 'Ben ').update])
    expect(take(ben, mixed, 'step2')).toMatchObject({ kind: 'new', barred: [1] })
    expect(rows()).toEqual([
      ['ana', null],
      [null, 'ben'],
    ])
    expect(take(ben, forged.update, 'step2')).toEqual({ kind: 'nothing', gap: false, barred: [1] })
  })

  it('takes others’ words in when its owner is away: theirs, by way of whoever brings them', () => {
    const { owners, take, rows } = page()
    const first = typed(1, 'Ana ')
    take(ana, first.update, 'live')
    rows()
    owners.release(ana)
    const more = typed(1, 'more ', Y.encodeStateAsUpdate(first.doc))
    const own = typed(2, 'Ben ', Y.encodeStateAsUpdate(more.doc))
    owners.claim(ben, 2)
    expect(take(ben, Y.encodeStateAsUpdate(own.doc), 'step2').kind).toBe('new')
    expect(rows().sort()).toEqual([
      ['ana', 'ben'],
      ['ben', null],
    ])
  })

  it('stays its owner’s while they are away: nobody else can announce it', () => {
    const { owners } = page()
    expect(owners.claim(ana, 1)).toBe(true)
    owners.release(ana)
    expect(owners.claim(ben, 1)).toBe(false)
    expect(owners.claim({ user: 'ana' }, 1)).toBe(true)
    expect(owners.claim({ user: null }, 1)).toBe(false)
  })

  it('announced by presence is taken from nobody by what a document that was loaded brings along', () => {
    const { owners, take } = page()
    owners.claim(ben, 2)
    // A page from the browser’s own storage arrives as a live update, with everybody’s words.
    const stored = Y.mergeUpdates([typed(1, 'Ana ').update, typed(2, 'Ben ').update])
    expect(take(ben, stored, 'live').kind).toBe('new')
    expect(take(ben, typed(3, 'Cleo ').update, 'live').kind).toBe('new')
    expect(owners.claim(ana, 1)).toBe(true)
    expect(owners.claim({ user: 'cleo' }, 3)).toBe(true)
  })

  it('is never deleted ahead of what it writes', () => {
    const { content, take } = page()
    take(ana, typed(1, 'Ana ').update, 'live')
    // Deletes clocks 0 to 99 of client 1, of which four exist.
    const ahead = new Uint8Array([0, 1, 1, 1, 0, 100])
    expect(take(ben, ahead, 'live')).toEqual({ kind: 'gap' })
    expect(take(ben, ahead, 'step2')).toMatchObject({ kind: 'new', gap: true })
    const parts = content.cut('before').map(({ data }) => data)
    take(ana, typed(1, 'more', Y.mergeUpdates(parts)).update, 'live')
    parts.push(...content.cut('after').map(({ data }) => data))
    const doc = new Y.Doc()
    Y.applyUpdate(doc, Y.mergeUpdates(parts))
    expect(doc.getText('text').toString()).toBe('more')
    expect(doc.store.pendingDs).toBeNull()
  })

  it('without a user is nobody’s', () => {
    const { owners, take, rows } = page()
    const nobody = { user: null }
    const first = typed(1, 'a ')
    expect(take(nobody, first.update, 'live').kind).toBe('new')
    expect(take({ user: null }, typed(1, 'b ', Y.encodeStateAsUpdate(first.doc)).update, 'live').kind).toBe('new')
    expect(owners.holders(1)).toEqual([])
    expect(rows()).toEqual([[null, null]])
  })

  it('is remembered for 2,000 who are away, and forgotten oldest first', () => {
    const { owners } = page()
    for (let id = 0; id < 2100; id++) {
      const person = { user: `user ${id}` }
      owners.claim(person, id)
      owners.release(person)
    }
    expect(owners.claim(ben, 2099)).toBe(false)
    expect(owners.claim(ben, 0)).toBe(true)
  })
})

it('what several people wrote, brought by one, holds the same when it is cut apart by who wrote it', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = randomFrom(seed)
    const docs = [1, 2, 3].map((id) => {
      const doc = new Y.Doc()
      doc.clientID = id
      return doc
    })
    for (let i = 0; i < 60; i++) {
      const doc = random.pick(docs)
      randomEdit(doc, random)
      if (random.chance(0.4)) Y.applyUpdate(random.pick(docs), Y.encodeStateAsUpdate(doc))
    }
    for (const doc of docs) for (const other of docs) Y.applyUpdate(doc, Y.encodeStateAsUpdate(other))
    const { content, owners, take } = page()
    const away = { user: 'ana' }
    owners.claim(away, 1)
    owners.release(away)
    owners.claim(ben, 2)
    const whole = Y.encodeStateAsUpdate(docs[0] as Y.Doc)
    const taken = take(ben, whole, 'step2')
    const parts = content.cut('batch')
    if (taken.kind === 'new') expect(parts.length, `seed ${seed}`).toBeGreaterThan(0)
    const folded = new Y.Doc()
    Y.applyUpdate(folded, Y.mergeUpdates(parts.map(({ data }) => data)))
    expect(folded.store.pendingStructs, `seed ${seed}`).toBeNull()
    expect(Y.encodeStateVector(folded), `seed ${seed}`).toEqual(Y.encodeStateVector(docs[0] as Y.Doc))
    expect(folded.getText('text').toString(), `seed ${seed}`).toBe(docs[0]?.getText('text').toString())
    for (const { author, via, data } of parts) {
      const clients = [...Y.decodeStateVector(Y.encodeStateVectorFromUpdate(data)).keys()]
      if (clients.includes(1)) expect([author, via]).toEqual(['ana', 'ben'])
      if (clients.includes(2)) expect([author, via]).toEqual(['ben', null])
    }
  }
})

describe('presence of somebody whom a token names', () => {
  const stamped = (state: unknown, identity: { id: string; name: string } | null = { id: 'ana', name: 'Ana B.' }) => {
    const awareness = new Awareness(new Y.Doc())
    awareness.setLocalState(state as Record<string, unknown>)
    let dropped = 0
    const presence = new Presence<{ user: string; identity: typeof identity }>(4096, () => dropped++)
    presence.receive({ user: 'ana', identity }, encodeAwarenessUpdate(awareness, [awareness.clientID]))
    const all = presence.all()
    awareness.destroy()
    if (all === null) return { dropped }
    const text = new TextDecoder().decode(all)
    return JSON.parse(text.slice(text.indexOf('{')))
  }

  it('says who they are, whatever they say themselves, and keeps the rest', () => {
    expect(stamped({ cursor: 3, user: { name: 'The teacher', id: 'boss', color: '#f00' } })).toEqual({
      cursor: 3,
      user: { name: 'Ana B.', id: 'ana', color: '#f00' },
    })
    expect(stamped({ cursor: 3 })).toEqual({ cursor: 3, user: { name: 'Ana B.', id: 'ana' } })
    for (const user of ['boss', ['boss'], 7]) expect(stamped({ user })).toEqual({ user: { name: 'Ana B.', id: 'ana' } })
    expect(stamped({ user: { name: 'Me' } }, null)).toEqual({ user: { name: 'Me' } })
  })

  it('is not taken when it is no object, or nested deep', () => {
    expect(stamped(['a'])).toEqual({ dropped: 1 })
    let deep: unknown = 1
    for (let depth = 0; depth < 20; depth++) deep = { deep }
    expect(stamped({ deep })).toEqual({ dropped: 1 })
    expect(stamped({ deep }, null)).toEqual({ dropped: 1 })
  })

  it('cannot set what every object has', () => {
    const json = new TextEncoder().encode('{"__proto__":{"admin":true},"user":{"__proto__":{"id":"x"}}}')
    const presence = new Presence<{ user: string; identity: { id: string; name: string } }>(4096, () => undefined)
    const update = new Uint8Array([1, 5, 1, json.length, ...json])
    presence.receive({ user: 'ana', identity: { id: 'ana', name: 'Ana' } }, update)
    expect(new TextDecoder().decode(presence.all() ?? undefined)).toContain('"id":"ana"')
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })
})
