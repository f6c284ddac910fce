/** The pages of a story as thumbnails: drag them, or move them by their menu or with Alt and the arrow keys. */
import { ArrowDown, ArrowUp, EllipsisVertical, Pencil, Plus, Trash2 } from 'lucide'
import { useEffect, useRef, useState } from 'preact/hooks'
import { addPage, movePage, type PageEntry, removePage } from '../../../shared/story.ts'
import { Icon } from '../ui/icon.tsx'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { Avatar, type Face } from '../ui/person.tsx'
import { say } from '../ui/toast.tsx'
import { words } from '../words/words.ts'
import type { SessionState, StorySession } from './session.ts'
import { Thumbnail } from './thumbnail.tsx'
import { Unlisted } from './unlisted.tsx'

export interface StripParts {
  readonly session: StorySession
  readonly state: SessionState
  readonly current: string | null
  readonly isReadOnly: boolean
  /** Pages that were written to, and that the story does not list. */
  readonly unlisted: readonly string[]
  /** Who is on which page. */
  readonly people: ReadonlyMap<string, readonly Face[]>
  readonly show: (page: string) => void
  readonly add: () => void
  readonly rename: (page: string) => void
}

export const Strip = (parts: StripParts) => {
  const { session, state, current, isReadOnly, unlisted, add, show } = parts
  const { pages } = state.story
  const [dragged, setDragged] = useState<string | null>(null)
  const [target, setTarget] = useState<number | null>(null)
  const [heard, setHeard] = useState('')
  const list = useRef<HTMLOListElement>(null)
  const { doc } = session.index

  useEffect(() => {
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [current])

  const move = (page: PageEntry, to: number) => {
    if (isReadOnly || to < 0 || to >= pages.length) return
    movePage(doc, page.id, to)
    setHeard(words.moved(titleOf(page), to + 1))
  }
  const remove = (page: PageEntry, at: number) => {
    removePage(doc, page.id)
    const next = pages[at + 1] ?? pages[at - 1]
    if (current === page.id && next !== undefined) show(next.id)
    say({
      text: words.removed(titleOf(page)),
      action: { words: words.undo, act: () => addPage(doc, page, at) },
    })
  }
  const drop = () => {
    const page = pages.find(({ id }) => id === dragged)
    if (page !== undefined && target !== null) move(page, target)
    setDragged(null)
    setTarget(null)
  }

  return (
    <nav class="strip" aria-label={words.pagesOfStory}>
      <ol ref={list}>
        {pages.map((page, at) => (
          <li
            key={page.id}
            class={`${dragged === page.id ? 'dragged' : ''} ${target === at && dragged !== page.id ? 'target' : ''}`}
            draggable={!isReadOnly}
            onDragStart={(event) => {
              event.dataTransfer?.setData('text/plain', titleOf(page))
              setDragged(page.id)
            }}
            onDragEnd={() => setDragged(null)}
            onDragOver={(event) => {
              if (dragged === null) return
              event.preventDefault()
              setTarget(at)
            }}
            onDrop={(event) => {
              event.preventDefault()
              drop()
            }}
          >
            <a
              href={`#page=${encodeURIComponent(page.id)}`}
              class="thumb"
              draggable={false}
              aria-current={current === page.id ? 'page' : undefined}
              aria-keyshortcuts={isReadOnly ? undefined : 'Alt+ArrowUp Alt+ArrowDown'}
              onClick={(event) => {
                event.preventDefault()
                show(page.id)
              }}
              onKeyDown={(event) => {
                const step = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key]
                if (step === undefined || !event.altKey) return
                event.preventDefault()
                const link = event.currentTarget
                move(page, at + step)
                // The list is drawn anew: the page keeps the focus.
                requestAnimationFrame(() => link.focus())
              }}
            >
              <Thumbnail session={session} page={page} preview={state.previews[page.id]} />
              <span class="thumb-name">
                <span class="faint">{at + 1}</span> {titleOf(page)}
              </span>
            </a>
            <span class="thumb-people">
              {(parts.people.get(page.id) ?? []).slice(0, 3).map((person) => (
                <Avatar key={person.id} person={person} />
              ))}
            </span>
            {!isReadOnly && (
              <Menu icon={EllipsisVertical} label={words.pageOptions(titleOf(page))}>
                <MenuItem icon={Pencil} act={() => parts.rename(page.id)}>
                  {words.rename}
                </MenuItem>
                {at > 0 && (
                  <MenuItem icon={ArrowUp} act={() => move(page, at - 1)}>
                    {words.moveUp}
                  </MenuItem>
                )}
                {at < pages.length - 1 && (
                  <MenuItem icon={ArrowDown} act={() => move(page, at + 1)}>
                    {words.moveDown}
                  </MenuItem>
                )}
                <MenuItem icon={Trash2} act={() => remove(page, at)}>
                  {words.removePage}
                </MenuItem>
              </Menu>
            )}
          </li>
        ))}
      </ol>
      {!isReadOnly && (
        <button type="button" class="button add-page" onClick={add}>
          <Icon of={Plus} />
          <span>{words.addPage}</span>
        </button>
      )}
      {unlisted.length > 0 && pages.length > 0 && (
        <Unlisted session={session} ids={unlisted} isReadOnly={isReadOnly} show={show} class="quiet unlisted" />
      )}
      <p class="hidden-words" role="status">
        {heard}
      </p>
    </nav>
  )
}

const titleOf = ({ title }: PageEntry): string => title || words.untitledPage
