/** A story in a window: its bar, its pages, the page in view, and its past when asked for. */
import { BookOpen, Lock, Plus } from 'lucide'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { addPage } from '../../../shared/story.ts'
import { changeFragment, fragment } from '../device/fragment.ts'
import { freshId } from '../device/kept.ts'
import { remember } from '../device/shelf.ts'
import { takeToken } from '../device/tokens.ts'
import { waitNoLonger } from '../device/usable.ts'
import { Icon } from '../ui/icon.tsx'
import { later } from '../ui/later.tsx'
import { LinkAsked } from '../ui/link-asked.tsx'
import { useObserved } from '../ui/observe.ts'
import { Toasts } from '../ui/toast.tsx'
import { words } from '../words/words.ts'
import { Bar } from './bar.tsx'
import { begin } from './begin.ts'
import { earlyPage } from './early.ts'
import { firstKept, keepFirst } from './first.ts'
import { keepPages } from './keeper.ts'
import { peopleByPage, useCompany } from './people.ts'
import { StorySession } from './session.ts'
import { Strip } from './strip.tsx'
import { Unlisted, unlistedOf } from './unlisted.tsx'

/** The editor is most of the app: meanwhile the story opens. */
const PageView = later(
  async () => (await import('./page.tsx')).PageView,
  () => <p class="faint opening">{words.opening}</p>,
)
const HistoryView = later(async () => (await import('./history/history.tsx')).HistoryView)

const pageInAddress = (): string | null => fragment().get('page')

export const StoryApp = ({ story }: { readonly story: string }) => {
  const session = useMemo(() => new StorySession(story), [story])
  const state = useObserved(session)
  const index = useObserved(session.index)
  const [asked, setAsked] = useState(pageInAddress)
  const [likely, setLikely] = useState(() => firstKept(story))
  const [isPast, setPast] = useState(false)
  const [toName, setToName] = useState<string | null>(null)
  const [written, setWritten] = useState<readonly string[]>([])
  const { pages, title, cover } = state.story
  const others = unlistedOf(written, pages)
  const company = useCompany(session.index)
  const isReadOnly = !session.canArrange

  const isOpening = state.light.state === null || (!index.synced && index.connection === 'connecting')

  const first = pages[0]?.id ?? null
  const isListed = first !== null || index.synced || index.connection === 'denied'
  // A page that is not listed may be all that a link grants.
  const current = asked ?? (isListed ? first : likely)
  const provider = useMemo(() => session.view(current), [session, current])
  const page = useObserved(provider ?? session.index)

  const isBarred = provider === null && index.connection === 'denied'

  useEffect(() => {
    if (isListed) keepFirst(story, first)
  }, [story, isListed, first])
  useEffect(() => {
    if (pages.length > 0) remember({ story, title, cover, pages: pages.length })
  }, [story, title, cover, pages.length])
  useEffect(() => {
    void earlyPage.then((early) => {
      if (early === null) return
      session.fill(early)
      setLikely(early.page)
    })
  }, [session])
  useEffect(() => begin(session, (first) => show(first, false)), [session])
  useEffect(() => keepPages(session, setWritten), [session])
  useEffect(() => {
    // A story without pages in its list may hold others, which is looked for at once.
    if (index.synced && first === null) waitNoLonger(0)
  }, [index.synced, first])
  useEffect(() => {
    const look = () => {
      takeToken(story)
      session.tryAgain()
      setAsked(pageInAddress())
    }
    addEventListener('hashchange', look)
    addEventListener('popstate', look)
    return () => {
      removeEventListener('hashchange', look)
      removeEventListener('popstate', look)
    }
  }, [session])
  useEffect(() => {
    document.title = `${title || words.untitledStory} · ${words.appName}`
  }, [title])

  const show = (id: string, isStep = true) => {
    changeFragment({ page: id }, isStep)
    setAsked(id)
  }
  const add = () => {
    const id = freshId()
    const at = pages.findIndex((each) => each.id === current)
    addPage(session.index.doc, { id, title: '' }, at < 0 ? pages.length : at + 1)
    show(id)
    setToName(id)
  }
  useEffect(() => {
    if (toName === null || toName !== current) return
    const looking = setInterval(() => {
      const area = document.querySelector<HTMLTextAreaElement>('.page-title textarea')
      if (area === null) return
      area.focus()
      setToName(null)
    }, 50)
    return () => clearInterval(looking)
  }, [toName, current])

  return (
    <div class={isPast ? 'story past' : 'story'}>
      <Bar
        session={session}
        state={state}
        page={provider === null ? null : { provider, state: page }}
        company={company}
        isReadOnly={isReadOnly}
        isBarred={isBarred}
        past={{ isOpen: isPast, toggle: () => setPast(!isPast) }}
      />
      <Strip
        session={session}
        state={state}
        current={current}
        isReadOnly={isReadOnly}
        unlisted={others}
        people={peopleByPage(company)}
        show={show}
        add={add}
        rename={(id) => {
          show(id)
          setToName(id)
        }}
      />
      <main class="desk" id="page">
        {provider !== null && isPast && (
          <HistoryView
            session={session}
            provider={provider}
            close={() => setPast(false)}
            show={(id) => {
              setPast(false)
              show(id)
            }}
          />
        )}
        {provider !== null && !isPast && (
          <PageView key={provider.page} session={session} provider={provider} linkTaken={() => session.tryAgain()} />
        )}
        {isBarred && (
          <section class="blank">
            <span class="blank-icon">
              <Icon of={Lock} />
            </span>
            <h2>{words.needsLink}</h2>
            <p class="faint">{words.needsLinkHint}</p>
            <LinkAsked story={story} taken={() => session.tryAgain()} />
          </section>
        )}
        {provider === null && !isBarred && (
          <section class="blank">
            <span class="blank-icon">
              <Icon of={BookOpen} />
            </span>
            <h2>{isOpening ? words.opening : others.length > 0 ? words.unlistedOnly : words.noPages}</h2>
            <p class="faint">{others.length > 0 ? words.unlistedOnlyHint : words.emptyStoryHint}</p>
            {others.length > 0 && (
              <Unlisted session={session} ids={others} isReadOnly={isReadOnly} show={show} class="main" />
            )}
            {!isReadOnly && (
              <button type="button" class={others.length > 0 ? 'button' : 'button main'} onClick={add}>
                <Icon of={Plus} />
                {words.firstPage}
              </button>
            )}
          </section>
        )}
      </main>
      <Toasts />
    </div>
  )
}
