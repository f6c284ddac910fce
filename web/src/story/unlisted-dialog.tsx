/** Shows the pages that the story does not list, and adds them to it. */
import { Plus } from 'lucide'
import { useEffect, useState } from 'preact/hooks'
import { addPage, readStory } from '../../../shared/story.ts'
import { askJson } from '../device/api.ts'
import { pathOf } from '../device/path.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Icon } from '../ui/icon.tsx'
import { say } from '../ui/toast.tsx'
import { words } from '../words/words.ts'
import type { StorySession } from './session.ts'
import type { UnlistedParts } from './unlisted.tsx'

/** So many are named; all can be added. */
const MOST_SHOWN = 50
const MOST_LETTERS = 60

interface Named {
  readonly title: string
  /** Its first words. */
  readonly text: string
}

const nameOf = async (session: StorySession, page: string): Promise<Named> => {
  const query = { roots: 'title:text' }
  const { title, body } = await askJson<{ title: string; body?: unknown }>(session.story, pathOf(session.story, page), {
    query,
  })
  const text = typeof body === 'string' ? body.replace(/<[^>]*>/g, ' ').trim() : ''
  return { title: title.trim(), text: text.slice(0, MOST_LETTERS) }
}

export const UnlistedDialog = ({
  session,
  ids,
  isReadOnly,
  show,
  close,
}: UnlistedParts & { readonly close: () => void }) => {
  const [names, setNames] = useState<ReadonlyMap<string, Named>>(new Map())
  const [isBusy, setBusy] = useState(false)
  const shown = ids.slice(0, MOST_SHOWN)

  useEffect(() => {
    let isLeft = false
    const look = async () => {
      for (const id of shown) {
        const named = await nameOf(session, id)
        if (isLeft) return
        setNames((before) => new Map(before).set(id, named))
      }
    }
    // Without its title a page is shown by its id.
    look().catch(() => undefined)
    return () => {
      isLeft = true
    }
  }, [session])

  const add = async (some: readonly string[]) => {
    setBusy(true)
    try {
      for (const id of some) {
        const { title } = names.get(id) ?? (await nameOf(session, id))
        addPage(session.index.doc, { id, title }, readStory(session.index.doc).pages.length)
      }
      if (some.length === ids.length) close()
    } catch (error) {
      say({ text: words.failed((error as Error).message) })
    } finally {
      setBusy(false)
    }
  }

  return (
    <Dialog title={words.unlisted(ids.length)} close={close}>
      <p class="faint">{words.unlistedHint}</p>
      <ul class="unlisted-pages">
        {shown.map((id) => {
          const { title, text } = names.get(id) ?? { title: '', text: '' }
          return (
            <li key={id} class="row">
              <a
                href={`#page=${encodeURIComponent(id)}`}
                onClick={(event) => {
                  event.preventDefault()
                  show(id)
                  close()
                }}
              >
                {title || text || id}
              </a>
              {!isReadOnly && (
                <button
                  type="button"
                  class="button"
                  aria-label={words.addToStory(title || text || id)}
                  disabled={isBusy}
                  onClick={() => void add([id])}
                >
                  <Icon of={Plus} />
                  {words.add}
                </button>
              )}
            </li>
          )
        })}
      </ul>
      <div class="row dialog-end">
        <button type="button" class="button" onClick={close}>
          {words.close}
        </button>
        {!isReadOnly && ids.length > 1 && (
          <button type="button" class="button main" disabled={isBusy} onClick={() => void add(ids)}>
            {words.addAll(ids.length)}
          </button>
        )}
      </div>
    </Dialog>
  )
}
