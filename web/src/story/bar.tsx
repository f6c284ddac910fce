/** The bar of a story: the way back, its title, who is there, the light, and what can be done with it. */
import {
  BookDown,
  Ellipsis,
  FileText,
  Flame,
  Globe,
  History,
  House,
  Languages,
  Printer,
  Snowflake,
  UserRound,
  UserRoundPlus,
} from 'lucide'
import { useEffect, useState } from 'preact/hooks'
import type { PageState, Provider } from '../../../shared/provider/provider.ts'
import { setTitle } from '../../../shared/story.ts'
import { ask } from '../device/api.ts'
import { pathOf } from '../device/path.ts'
import { Icon } from '../ui/icon.tsx'
import { later } from '../ui/later.tsx'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { NameDialog } from '../ui/name-dialog.tsx'
import { Avatar } from '../ui/person.tsx'
import { say } from '../ui/toast.tsx'
import { LANGUAGES, language, speak, words } from '../words/words.ts'
import { type Format, print, takeAway } from './export.ts'
import { SavedLight } from './light.tsx'
import type { Companion } from './people.ts'
import type { SessionState, StorySession } from './session.ts'

const ShareDialog = later(async () => (await import('./share.tsx')).ShareDialog)

export interface BarParts {
  readonly session: StorySession
  readonly state: SessionState
  readonly page: { readonly provider: Provider; readonly state: PageState } | null
  readonly company: readonly Companion[]
  readonly isReadOnly: boolean
  /** The story is not open to this caller, and nothing of it is here. */
  readonly isBarred: boolean
  readonly past: { readonly isOpen: boolean; readonly toggle: () => void }
}

const EXPORTS = { epub: BookDown, html: Globe, markdown: FileText } as const
const MOST_FACES = 4

export const Bar = ({ session, state, page, company, isReadOnly, isBarred, past }: BarParts) => {
  const [dialog, setDialog] = useState<'share' | 'name' | null>(null)
  const { story } = session
  const manages = page?.state.role === 'manage'

  const freeze = async (frozen: boolean) => {
    if (page === null) return
    try {
      const path = `${pathOf(story, page.provider.page)}/freeze`
      await ask(story, path, frozen ? { method: 'PUT', body: { reason: words.freezeReason } } : { method: 'DELETE' })
      say({ text: frozen ? words.freezeDone : words.thawDone })
    } catch (error) {
      say({ text: words.failed((error as Error).message) })
    }
  }

  return (
    <header class="bar">
      <a class="button quiet round" href="/" aria-label={words.backToStories} title={words.backToStories}>
        <Icon of={House} />
      </a>
      <StoryTitle session={session} title={state.story.title} isReadOnly={isReadOnly} />
      {!isBarred && <SavedLight light={state.light} />}
      <ul class="faces" aria-label={words.peopleHere(company.length)}>
        {company.slice(0, MOST_FACES).map((person) => (
          <li key={person.id}>
            <Avatar person={person} />
          </li>
        ))}
        {company.length > MOST_FACES && <li class="avatar more">+{company.length - MOST_FACES}</li>}
      </ul>
      <button
        type="button"
        class="button quiet round wide"
        aria-label={words.history}
        title={words.history}
        aria-pressed={past.isOpen}
        disabled={page === null}
        onClick={past.toggle}
      >
        <Icon of={History} />
      </button>
      {!isBarred && (
        <button type="button" class="button main wide" aria-label={words.share} onClick={() => setDialog('share')}>
          <Icon of={UserRoundPlus} />
          <span>{words.share}</span>
        </button>
      )}
      <Menu icon={Ellipsis} label={words.menu}>
        <div class="narrow" role="presentation">
          {!isBarred && (
            <MenuItem icon={UserRoundPlus} act={() => setDialog('share')}>
              {words.share}
            </MenuItem>
          )}
          {page !== null && (
            <MenuItem icon={History} act={past.toggle}>
              {past.isOpen ? words.historyClose : words.history}
            </MenuItem>
          )}
          <hr />
        </div>
        <p class="menu-title">{words.takeAway}</p>
        {(Object.keys(EXPORTS) as Format[]).map((format) => (
          <MenuItem key={format} icon={EXPORTS[format]} act={() => void takeAway(story, state.story.title, format)}>
            {words.exportAs[format]}
          </MenuItem>
        ))}
        <MenuItem icon={Printer} act={() => void print(story)}>
          {words.exportAs.print}
        </MenuItem>
        <hr />
        {manages &&
          (page.state.frozen ? (
            <MenuItem icon={Flame} act={() => void freeze(false)}>
              {words.thaw}
            </MenuItem>
          ) : (
            <MenuItem icon={Snowflake} act={() => void freeze(true)}>
              {words.freeze}
            </MenuItem>
          ))}
        {session.caller.token === null && (
          <MenuItem icon={UserRound} act={() => setDialog('name')}>
            {words.yourName}: {session.caller.name}
          </MenuItem>
        )}
        {Object.entries(LANGUAGES)
          .filter(([code]) => code !== language)
          .map(([code, { name }]) => (
            <MenuItem key={code} icon={Languages} act={() => speak(code)}>
              {name}
            </MenuItem>
          ))}
      </Menu>
      {dialog === 'share' && (
        <ShareDialog
          story={story}
          needsToken={session.caller.token !== null}
          manages={manages}
          close={() => setDialog(null)}
        />
      )}
      {dialog === 'name' && <NameDialog name={session.caller.name} close={() => setDialog(null)} />}
    </header>
  )
}

/** A title changes for the others when whoever writes it rests. */
const REST_MS = 500

const StoryTitle = ({
  session,
  title,
  isReadOnly,
}: {
  readonly session: StorySession
  readonly title: string
  readonly isReadOnly: boolean
}) => {
  const [written, setWritten] = useState<string | null>(null)
  useEffect(() => {
    if (written === null) return
    const timer = setTimeout(() => {
      setTitle(session.index.doc, written)
      setWritten(null)
    }, REST_MS)
    return () => clearTimeout(timer)
  }, [written])
  return (
    <input
      class="story-title"
      aria-label={words.storyTitle}
      placeholder={words.untitledStory}
      readOnly={isReadOnly}
      value={written ?? title}
      onInput={(event) => setWritten(event.currentTarget.value)}
      onBlur={() => {
        if (written !== null) setTitle(session.index.doc, written)
        setWritten(null)
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur()
      }}
    />
  )
}
