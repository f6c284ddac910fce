/** The cursors of the others, in their colours and with their names. */
import { colourOf } from '../ui/person.tsx'
import { words } from '../words/words.ts'

interface Shown {
  readonly id?: string
  readonly name?: string
}

const idOf = ({ id, name }: Shown): string => id ?? name ?? ''

/** Zero-width: lets the caret have a height of its own line without moving letters. */
const JOINER = '\u2060'

export const caretOf = (user: Shown): HTMLElement => {
  const caret = document.createElement('span')
  caret.className = 'caret'
  caret.dataset.person = String(colourOf(idOf(user)))
  caret.dataset.who = idOf(user)
  const label = document.createElement('span')
  label.className = 'caret-name'
  label.textContent = user.name ?? words.somebody
  caret.append(JOINER, label, JOINER)
  return caret
}

/** Paints cursors anew that are shown already: the editor keeps them as they are. */
export const repaintCarets = (root: ParentNode): void => {
  for (const caret of root.querySelectorAll<HTMLElement>('.caret[data-who]')) {
    caret.dataset.person = String(colourOf(caret.dataset.who ?? ''))
  }
}

export const selectionOf = (user: Shown) => ({ class: 'chosen-by', 'data-person': String(colourOf(idOf(user))) })
