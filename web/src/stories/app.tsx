/** The stories, as cards. */
import { BookOpen, Feather, Gauge, Languages, Plus } from 'lucide'
import { useEffect, useState } from 'preact/hooks'
import { ApiFault } from '../device/api.ts'
import { freshId } from '../device/kept.ts'
import { type Card, remembered } from '../device/shelf.ts'
import { tokenFor } from '../device/tokens.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Icon } from '../ui/icon.tsx'
import { LinkAsked } from '../ui/link-asked.tsx'
import { LANGUAGES, language, speak, words } from '../words/words.ts'
import { StoryCard } from './card.tsx'
import { loadStories } from './load.ts'

const MOST_SHOWN = 60
const REFRESH_MS = 30_000

type Standing = 'loading' | 'loaded' | 'away' | 'barred'

export const StoriesApp = () => {
  const [cards, setCards] = useState<readonly Card[]>(remembered)
  const [standing, setStanding] = useState<Standing>('loading')
  const [most, setMost] = useState(MOST_SHOWN)
  const [isNew, setNew] = useState(false)

  const load = () =>
    loadStories().then(
      (found) => {
        setCards(found)
        setStanding('loaded')
      },
      (error: unknown) => {
        const isBarred = error instanceof ApiFault && (error.status === 401 || error.status === 403)
        setStanding(isBarred ? 'barred' : 'away')
      },
    )
  useEffect(() => {
    void load()
    const look = () => {
      if (document.visibilityState === 'visible') void load()
    }
    const timer = setInterval(look, REFRESH_MS)
    addEventListener('online', look)
    document.addEventListener('visibilitychange', look)
    return () => {
      clearInterval(timer)
      removeEventListener('online', look)
      document.removeEventListener('visibilitychange', look)
    }
  }, [])

  return (
    <>
      <header class="hall">
        <div>
          <p class="brand">
            <Icon of={Feather} /> {words.appName}
          </p>
          <h1>{words.tagline}</h1>
        </div>
        <button type="button" class="button main" onClick={() => setNew(true)}>
          <Icon of={Plus} />
          {words.newStory}
        </button>
      </header>
      <main class="hall-main">
        {standing === 'away' && (
          <p class="notice" role="status">
            {words.storiesAway}
          </p>
        )}
        {standing === 'barred' && (
          <section class="notice">
            <p>
              <strong>{words.needsLink}.</strong> {words.needsLinkHint}
            </p>
            <LinkAsked
              story={null}
              taken={() => {
                setStanding('loading')
                void load()
              }}
            />
          </section>
        )}
        {cards.length > 0 && (
          <ul class="cards" aria-label={words.stories}>
            {cards.slice(0, most).map((card) => (
              <StoryCard key={card.story} card={card} />
            ))}
          </ul>
        )}
        {cards.length === 0 && standing === 'loaded' && (
          <section class="blank">
            <span class="blank-icon">
              <Icon of={BookOpen} />
            </span>
            <h2>{words.noStories}</h2>
            <p class="faint">{words.noStoriesHint}</p>
          </section>
        )}
        {cards.length > most && (
          <button type="button" class="button" onClick={() => setMost(most + MOST_SHOWN)}>
            {words.moreStories}
          </button>
        )}
      </main>
      <footer class="hall-foot">
        {Object.entries(LANGUAGES)
          .filter(([code]) => code !== language)
          .map(([code, { name }]) => (
            <button type="button" key={code} class="button quiet" lang={code} onClick={() => speak(code)}>
              <Icon of={Languages} />
              {name}
            </button>
          ))}
        {tokenFor(null) === null && (
          <a class="button quiet" href="/admin">
            <Icon of={Gauge} />
            {words.console}
          </a>
        )}
      </footer>
      {isNew && <NewStory close={() => setNew(false)} />}
    </>
  )
}

const LONGEST_SLUG = 40

/** Readable in an address, and nobody else's. */
const idFor = (title: string): string => {
  const slug = title
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .toLowerCase()
    .slice(0, LONGEST_SLUG)
  return slug === '' ? freshId() : `${slug}-${freshId().slice(0, 4)}`
}

const NewStory = ({ close }: { readonly close: () => void }) => {
  const [title, setTitle] = useState('')
  return (
    <Dialog title={words.newStory} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const name = title.trim()
          location.assign(`/s/${encodeURIComponent(idFor(name))}#${new URLSearchParams({ new: name })}`)
        }}
      >
        <label class="label" for="story-title">
          {words.newStoryTitle}
        </label>
        <input
          id="story-title"
          class="field"
          autocomplete="off"
          maxLength={200}
          value={title}
          onInput={(event) => setTitle(event.currentTarget.value)}
        />
        <p class="faint">{words.newStoryHint}</p>
        <div class="row dialog-end">
          <button type="button" class="button" onClick={close}>
            {words.cancel}
          </button>
          <button type="submit" class="button main">
            {words.begin}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
