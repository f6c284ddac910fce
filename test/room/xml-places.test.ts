/** A null among XML makes a page that no reader can turn into text; anywhere else it is a value like any other. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { HeldPage } from './held-page.ts'

const ID = 7

/** A page with XML in a root and in an element, a text, an array and a map. */
const written = () => {
  const doc = new Y.Doc()
  doc.clientID = ID
  const paragraph = new Y.XmlElement('p')
  const words = new Y.XmlText('words')
  doc.getXmlFragment('xml').insert(0, [paragraph, words])
  paragraph.insert(0, [new Y.XmlText('more')])
  doc.getArray('array').insert(0, [1, null])
  doc.getMap('map').set('key', 1)
  doc.getText('text').insertEmbed(0, { image: 1 })
  return doc
}

const held = (doc: Y.Doc, ...updates: Uint8Array[]): HeldPage => {
  const page = new HeldPage()
  for (const update of [Y.encodeStateAsUpdate(doc), ...updates]) expect(page.receive(update, 'live').kind).toBe('new')
  return page
}

/** What somebody else writes who takes the root or element `at` for an array. */
const forged = (doc: Y.Doc, at: (copy: Y.Doc) => { readonly parent: unknown; readonly length: number }): Uint8Array => {
  const copy = new Y.Doc()
  copy.clientID = ID + 1
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
  const { parent, length } = at(copy)
  const before = Y.encodeStateVector(copy)
  Y.Array.prototype.insert.call(parent as Y.Array<unknown>, length, [null])
  return Y.encodeStateAsUpdate(copy, before)
}

describe('a null', () => {
  it('beside XML in a root is refused, at either end and behind what came later', () => {
    const doc = written()
    for (const at of [0, 1, 2]) {
      const update = forged(doc, (copy) => ({ parent: copy.getXmlFragment('xml'), length: at }))
      expect(held(doc).receive(update, 'live')).toMatchObject({ kind: 'invalid', reason: 'a null lies among XML' })
    }
    const page = held(doc)
    const update = forged(doc, (copy) => ({ parent: copy.getXmlFragment('xml'), length: 2 }))
    expect(page.receive(update, 'step2').kind).toBe('invalid')
    const later = new Y.Doc()
    later.clientID = ID + 2
    Y.applyUpdate(later, Y.encodeStateAsUpdate(doc))
    const before = Y.encodeStateVector(later)
    later.getXmlFragment('xml').insert(2, [new Y.XmlElement('q')])
    expect(page.receive(Y.encodeStateAsUpdate(later, before), 'live').kind).toBe('new')
    const behind = forged(later, (copy) => ({ parent: copy.getXmlFragment('xml'), length: 3 }))
    expect(page.receive(behind, 'live').kind).toBe('invalid')
  })

  it('in an element is refused, also in one of the same update', () => {
    const doc = written()
    const inside = forged(doc, (copy) => ({ parent: copy.getXmlFragment('xml').get(0), length: 0 }))
    expect(held(doc).receive(inside, 'live').kind).toBe('invalid')
    const whole = new Y.Doc()
    Y.applyUpdate(whole, Y.encodeStateAsUpdate(doc))
    Y.applyUpdate(whole, inside)
    expect(new HeldPage().receive(Y.encodeStateAsUpdate(whole), 'live').kind).toBe('invalid')
  })

  it('is welcome in an array that somebody put an element into', () => {
    const doc = written()
    const page = held(doc)
    const other = new Y.Doc()
    other.clientID = ID + 1
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
    const before = Y.encodeStateVector(other)
    other.getArray('array').insert(0, [new Y.XmlElement('p')])
    expect(page.receive(Y.encodeStateAsUpdate(other, before), 'live').kind).toBe('new')
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(other))
    const honest: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => honest.push(update))
    doc.getArray('array').insert(0, [null])
    doc.getArray('array').push([null])
    for (const update of honest) expect(page.receive(update, 'live').kind).toBe('new')
  })

  it('is welcome in arrays and maps, as an attribute, and at the end of a format', () => {
    const doc = written()
    const page = held(doc)
    const updates: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => updates.push(update))
    doc.getArray('array').insert(1, [null, 1, null])
    doc.getMap('map').set('key', null)
    doc.getMap('map').set('other', null)
    const paragraph = doc.getXmlFragment('xml').get(0) as Y.XmlElement
    paragraph.setAttribute('align', 'left')
    paragraph.setAttribute('align', null as unknown as string)
    doc.getMap('map').set('list', Y.Array.from([null, 1, null]))
    doc.getText('text').insert(1, 'bold', { bold: true })
    doc.getText('text').format(1, 2, { bold: null })
    for (const update of updates) expect(page.receive(update, 'live').kind).toBe('new')
    expect(updates.length).toBe(8)
  })
})
