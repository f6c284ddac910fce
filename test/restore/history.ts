/** Random histories of a page: two who write together, one who goes offline, and every shared type that Yjs has. */
import * as Y from 'yjs'
import { docOf } from '../../server/threads/page/build.ts'
import { randomEdit } from '../support/edits.ts'
import type { Random } from '../support/random.ts'

/** Of text whose every character is written once, duplicates and returns of what was deleted can be seen. */
export const STORY = 'story'
const FIRST_CHARACTER = 0x4e00

export interface Row {
  readonly author: string
  readonly data: Uint8Array
}

export class Editor {
  readonly name: string
  readonly doc: Y.Doc
  /** What it wrote and has not handed over. */
  #outbox: Uint8Array[] = []

  constructor(name: string, gc: boolean, clientID: number) {
    this.name = name
    this.doc = new Y.Doc({ gc })
    this.doc.clientID = clientID
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== this) this.#outbox.push(update)
    })
  }

  hear(update: Uint8Array): void {
    Y.applyUpdate(this.doc, update, this)
  }

  /** Hands over what it wrote. */
  takeRow(): Row | null {
    const written = this.#outbox
    this.#outbox = []
    return written.length === 0 ? null : { author: this.name, data: Y.mergeUpdates(written) }
  }
}

export class Page {
  readonly rows: Row[] = []
  readonly readers: Editor[]
  #characters = 0

  constructor(readers: Editor[]) {
    this.readers = readers
  }

  /** One random edit, kept and relayed when `online`. */
  edit(editor: Editor, random: Random, online = true): void {
    if (random.chance(0.45)) this.#editStory(editor.doc, random)
    else if (random.chance(0.3)) editNested(editor.doc, random)
    else randomEdit(editor.doc, random)
    if (online) this.handOver(editor)
  }

  handOver(editor: Editor): void {
    const row = editor.takeRow()
    if (row !== null) this.append(row)
  }

  append(row: Row): void {
    this.rows.push(row)
    for (const reader of this.readers) if (reader.name !== row.author) reader.hear(row.data)
  }

  /** The first `seq` rows as the database may hold them: a snapshot of some, and the rest. */
  stateAt(seq: number, random: Random): Uint8Array[] {
    const folded = random.below(seq + 1)
    const rows = this.rows.slice(0, seq).map(({ data }) => data)
    if (folded === 0) return rows
    return [Y.encodeStateAsUpdate(docOf(rows.slice(0, folded))), ...rows.slice(folded)]
  }

  #editStory(doc: Y.Doc, random: Random): void {
    const story = doc.getText(STORY)
    const at = random.below(story.length + 1)
    if (story.length > at && random.chance(0.4)) story.delete(at, Math.min(1 + random.below(4), story.length - at))
    else {
      const length = 1 + random.below(3)
      const codes = Array.from({ length }, () => FIRST_CHARACTER + this.#characters++)
      story.insert(at, String.fromCharCode(...codes))
    }
  }
}

/** Edits within types within types, and what the common ones leave out. */
const editNested = (doc: Y.Doc, random: Random): void =>
  doc.transact(() => {
    random.pick([editDeepMap, editList, editXmlText, editEmbeddedType])(doc, random)
  })

const editDeepMap = (doc: Y.Doc, random: Random): void => {
  const map = doc.getMap<unknown>('deep')
  const key = random.pick(['x', 'y'])
  const inner = map.get(key)
  if (!(inner instanceof Y.Map) || random.chance(0.15)) {
    map.set(
      key,
      new Y.Map<unknown>([
        ['list', new Y.Array()],
        ['text', new Y.Text('t')],
      ]),
    )
    return
  }
  const list = inner.get('list')
  const text = inner.get('text')
  if (random.chance(0.3)) inner.set(random.pick(['n', 'm']), random.below(100))
  else if (random.chance(0.2)) inner.delete(random.pick(['n', 'm']))
  else if (list instanceof Y.Array && random.chance(0.5)) list.insert(random.below(list.length + 1), [random.below(9)])
  else if (text instanceof Y.Text) text.insert(random.below(text.length + 1), random.pick(['ab', 'cd']), { bold: true })
}

const editList = (doc: Y.Doc, random: Random): void => {
  const list = doc.getArray<unknown>('maps')
  const at = random.below(list.length + 1)
  const here = list.get(at)
  if (here instanceof Y.Map) here.set(random.pick(['title', 'done']), random.below(50))
  else if (list.length > 3) list.delete(random.below(list.length - 1), 1)
  else list.insert(at, [new Y.Map([['title', random.below(50)]])])
}

const editXmlText = (doc: Y.Doc, random: Random): void => {
  const body = doc.getXmlFragment('body')
  const paragraph = body.length === 0 ? null : body.get(random.below(body.length))
  if (!(paragraph instanceof Y.XmlElement) || random.chance(0.2)) {
    const fresh = new Y.XmlElement('paragraph')
    fresh.insert(0, [new Y.XmlText('words')])
    body.insert(random.below(body.length + 1), [fresh])
    return
  }
  const text = paragraph.get(0)
  if (random.chance(0.15)) body.delete(random.below(body.length), 1)
  else if (random.chance(0.2)) paragraph.setAttribute('align', random.pick(['left', 'right']))
  else if (random.chance(0.1)) paragraph.removeAttribute('align')
  else if (text instanceof Y.XmlText && text.length > 2) {
    const at = random.below(text.length - 1)
    if (random.chance(0.4)) text.format(at, 1, { bold: random.pick([true, null]) })
    else if (random.chance(0.3)) text.delete(at, 1)
    else text.insert(at, random.pick(['ein ', 'zwei ']), random.pick([{}, { em: true }]))
  }
}

const editEmbeddedType = (doc: Y.Doc, random: Random): void => {
  const text = doc.getText('rich')
  const kind = random.below(4)
  if (kind < 2) text.insertEmbed(random.below(text.length + 1), new Y.Map([['src', random.below(9)]]))
  else if (kind === 2) doc.getMap<unknown>('map').set('sub', new Y.Doc({ guid: `sub-${random.below(5)}` }))
  else if (text.length > 0) text.delete(random.below(text.length), 1)
}
