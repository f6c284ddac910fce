/** Parts of the engine that random histories seldom or never reach. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { authorsOf, changesSince } from '../../server/threads/page/blame.ts'
import { docOf, IncompletePage } from '../../server/threads/page/build.ts'
import { canonicalOf } from '../../server/threads/page/canonical.ts'
import { copyContent } from '../../server/threads/page/copy.ts'
import { render } from '../../server/threads/page/render.ts'
import { replacing, restoreTo } from '../../server/threads/page/restore.ts'
import { inferRoots } from '../../server/threads/page/roots.ts'
import { randomFrom } from '../support/random.ts'
import { Editor, Page } from './history.ts'

const SEEDS = 100

const grown = (seed: number) => {
  const random = randomFrom(seed)
  const page = new Page([new Editor('ana', true, 1), new Editor('ben', false, 2)])
  const write = (count: number) => {
    for (let i = 0; i < count; i++) page.edit(random.pick(page.readers), random)
  }
  write(20)
  const then = page.rows.length
  write(20)
  return { random, page, target: page.stateAt(then, random), present: page.stateAt(page.rows.length, random) }
}

describe('the engine', () => {
  it('replaces all where the finer way could not be proven, for all types', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { target, present } = grown(seed)
      const expected = canonicalOf(docOf(target))
      expect(canonicalOf(docOf([...present, replacing(target, present)])), `seed ${seed}`).toBe(expected)
    }
  })

  it('copies all types into a document without history', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { present } = grown(seed)
      const copy = new Y.Doc()
      copyContent(docOf(present), copy)
      expect(canonicalOf(copy), `seed ${seed}`).toBe(canonicalOf(docOf(present)))
      expect(copy.store.clients.size).toBeLessThanOrEqual(1)
    }
  })

  it('says nothing of a page that is equal already, though its runs and keys lie otherwise', () => {
    const one = new Y.Doc()
    one.getText('t').insert(0, 'ab', { bold: true, em: true })
    one.getMap('m').set('x', { b: 1, a: 2 })
    const other = new Y.Doc()
    other.getText('t').insert(0, 'b', { em: true, bold: true })
    other.getText('t').insert(0, 'a', { em: true, bold: true })
    other.getMap('m').set('x', { a: 2, b: 1 })
    other.getArray('empty').insert(0, [1])
    other.getArray('empty').delete(0, 1)
    expect(canonicalOf(other)).toBe(canonicalOf(one))
    const state = Y.encodeStateAsUpdate(other)
    expect(restoreTo([Y.encodeStateAsUpdate(one)], [state]).update).toBeNull()
  })

  it('tells values apart that JSON does not', () => {
    const values = [1n, '1', new Uint8Array([1]), undefined, null, Number.NaN, [1], { 0: 1 }]
    const texts = values.map((value) => {
      const doc = new Y.Doc()
      doc.getArray<unknown>('a').insert(0, [{ value }])
      return canonicalOf(docOf([Y.encodeStateAsUpdate(doc)]))
    })
    expect(new Set(texts).size).toBe(values.length)
  })

  it('does not read a page whose rows are not all there', () => {
    const doc = new Y.Doc()
    const updates: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => updates.push(update))
    doc.getText('t').insert(0, 'a')
    doc.getText('t').insert(1, 'b')
    expect(() => docOf(updates.slice(1))).toThrow(IncompletePage)
  })
})

describe('roots that nobody named', () => {
  const page = () => {
    const doc = new Y.Doc()
    doc.getText('title').insert(0, 'A title')
    doc.getMap('facts').set('inner', new Y.Map([['k', 1n]]))
    doc.getArray('list').insert(0, [1, new Uint8Array([1, 2]), new Y.Doc({ guid: 'g' })])
    const heading = new Y.XmlElement('heading')
    const text = new Y.XmlText('Words')
    heading.insert(0, [text])
    doc.getXmlFragment('body').insert(0, [heading])
    text.format(0, 2, { bold: true })
    return docOf([Y.encodeStateAsUpdate(doc)])
  }

  it('are told by what is in them', () => {
    expect(inferRoots(page())).toEqual({ title: 'text', facts: 'map', list: 'array', body: 'xml' })
  })

  it('give JSON as Yjs does, with bytes and sub-documents that JSON can say, and text in lines', () => {
    const { json, text } = render(page(), {})
    expect(JSON.parse(json)).toEqual({
      title: 'A title',
      facts: { inner: { k: '1' } },
      list: [1, 'AQI=', { guid: 'g' }],
      body: '<heading><bold>Wo</bold>rds</heading>',
    })
    expect(text).toBe('A title\n\nWords')
  })

  it('are what they are said to be', () => {
    expect(JSON.parse(render(page(), { title: 'array' }).json).title).not.toBe('A title')
  })
})

describe('who wrote what', () => {
  const part = (author: string, minute: number, data: Uint8Array) => ({
    author,
    at: minute * 60_000,
    kind: 'edit',
    data,
  })

  it('joins what one person wrote in one go, names owners where rows are gone, and marks deletions with who deleted', () => {
    const doc = new Y.Doc()
    const made: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => made.push(update))
    const text = doc.getText('t')
    text.insert(0, 'one ')
    text.insert(4, 'two ')
    text.insert(8, 'three')
    text.delete(0, 4)
    const parts = made.map((data, index) => part(['ana', 'ana', 'ben', 'cleo'][index] ?? '', index * 3, data))
    const all = made.slice()
    const [authors] = authorsOf(all, parts, [])
    expect(authors?.spans).toMatchObject([
      { text: 'two ', author: 'ana', position: 0, from: new Date(180_000).toISOString() },
      { text: 'three', author: 'ben', position: 4 },
    ])
    const [owners] = authorsOf(all, parts.slice(2), [{ client: doc.clientID, author: 'ana', at: 0 }])
    expect(owners?.spans).toMatchObject([
      { text: 'two ', author: 'ana', from: null },
      { text: 'three', author: 'ben' },
    ])
    const [changes] = changesSince(all.slice(0, 2), parts.slice(2))
    expect(changes?.spans).toMatchObject([
      { op: 'delete', text: 'one ', author: 'cleo', position: 0 },
      { op: 'insert', text: 'three', author: 'ben', position: 4 },
    ])
  })
})
