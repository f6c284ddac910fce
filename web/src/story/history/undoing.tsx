/** Takes back what one person did today, after showing what that changes. */
import { UserRoundX } from 'lucide'
import { useState } from 'preact/hooks'
import { Dialog } from '../../ui/dialog.tsx'
import { Icon } from '../../ui/icon.tsx'
import { colourOf } from '../../ui/person.tsx'
import { say } from '../../ui/toast.tsx'
import { words } from '../../words/words.ts'
import type { SpansOf } from '../blame.ts'
import { Changes } from './changes.tsx'
import type { Entry, Past } from './past.ts'

export interface UndoingParts {
  readonly past: Past
  readonly entries: readonly Entry[]
  readonly done: () => void
}

interface Asked {
  readonly author: string | null
  readonly changes: readonly SpansOf[]
}

const today = (): string => new Date(new Date().setHours(0, 0, 0, 0)).toISOString()

export const Undoing = ({ past, entries, done }: UndoingParts) => {
  const [asked, setAsked] = useState<Asked | null>(null)
  const authors = [...new Set(entries.filter(({ to }) => to >= today()).map(({ author }) => author))]
  const failed = (error: Error) => say({ text: words.failed(error.message) })
  const nameOf = (author: string | null) => author ?? words.somebody

  const look = (author: string | null) =>
    past.previewUndo(author, today()).then((changes) => {
      if (changes.length === 0) say({ text: words.nothingToUndo })
      else setAsked({ author, changes })
    }, failed)
  const undo = ({ author }: Asked) =>
    past
      .undo(author, today())
      .then(() => {
        say({ text: words.undone(nameOf(author)) })
        done()
      }, failed)
      .finally(() => setAsked(null))

  if (authors.length === 0) return null
  return (
    <section class="undoing" aria-label={words.takeBack}>
      <h3>{words.takeBack}</h3>
      <div class="row">
        {authors.map((author) => (
          <button type="button" key={author ?? ''} class="button" onClick={() => void look(author)}>
            <span class="dot" data-person={author === null ? 'none' : colourOf(author)} />
            <Icon of={UserRoundX} />
            {words.undoToday(nameOf(author))}
          </button>
        ))}
      </div>
      {asked !== null && (
        <Dialog title={words.undoToday(nameOf(asked.author))} close={() => setAsked(null)}>
          <p>{words.undoPreview(nameOf(asked.author))}</p>
          <Changes texts={asked.changes} isAhead />
          <div class="row dialog-end">
            <button type="button" class="button" onClick={() => setAsked(null)}>
              {words.cancel}
            </button>
            <button type="button" class="button main" onClick={() => void undo(asked)}>
              {words.undo}
            </button>
          </div>
        </Dialog>
      )}
    </section>
  )
}
