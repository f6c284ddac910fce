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
  const label = document.createElement('span')
  label.className = 'caret-name'
  label.textContent = user.name ?? words.somebody
  caret.append(JOINER, label, JOINER)
  return caret
}

export const selectionOf = (user: Shown) => ({ class: 'chosen-by', 'data-person': String(colourOf(idOf(user))) })
