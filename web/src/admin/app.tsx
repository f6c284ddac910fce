/** The console: one stream of figures, and a part of it at a time. */
import { Gauge } from 'lucide'
import { useEffect, useRef } from 'preact/hooks'
import { Icon } from '../ui/icon.tsx'
import { Toasts } from '../ui/toast.tsx'
import { words } from '../words/console.ts'
import { Audit } from './audit.tsx'
import { Compaction } from './compaction.tsx'
import { type Feed, useFeed } from './feed.ts'
import { Gate } from './gate.tsx'
import { Overview } from './overview.tsx'
import { People } from './people.tsx'
import { PARTS, type Part, usePlace } from './place.ts'
import { Processes } from './processes.tsx'
import { Room } from './room.tsx'
import { Rooms } from './rooms.tsx'
import { tokenNow } from './service.ts'

export const ConsoleApp = () => <Gate>{(leave) => <Inside leave={leave} />}</Gate>

const Inside = ({ leave }: { readonly leave: () => void }) => {
  const feed = useFeed()
  const place = usePlace()
  const current = 'part' in place ? place.part : 'pages'
  return (
    <div class="console">
      <header class="console-head">
        <h1>
          <Icon of={Gauge} /> {words.console}
        </h1>
        <p class="live" data-live={feed.isLive} role="status">
          {feed.isLive ? words.live : words.lost}
        </p>
        <span class="spring" />
        <a class="button quiet" href="/">
          {words.stories}
        </a>
        {tokenNow() !== '' && (
          <button type="button" class="button quiet" onClick={leave}>
            {words.leave}
          </button>
        )}
      </header>
      <Parts current={current} />
      <main>{'page' in place ? <Room page={place.page} key={location.hash} /> : partOf(place.part, feed)}</main>
      <Toasts />
    </div>
  )
}

const Parts = ({ current }: { readonly current: Part }) => {
  const chosen = useRef<HTMLAnchorElement>(null)
  // On a phone not all of them are seen at once.
  useEffect(() => chosen.current?.scrollIntoView({ block: 'nearest', inline: 'center' }), [current])
  return (
    <nav class="parts" aria-label={words.partsOfConsole}>
      {PARTS.map((part) => (
        <a
          key={part}
          href={`#${part}`}
          ref={part === current ? chosen : null}
          aria-current={part === current ? 'page' : undefined}
        >
          {words.parts[part]}
        </a>
      ))}
    </nav>
  )
}

const partOf = (part: Part, feed: Feed) => {
  switch (part) {
    case 'overview':
      return <Overview feed={feed} />
    case 'pages':
      return <Rooms />
    case 'compaction':
      return <Compaction jobs={feed.jobs} />
    case 'people':
      return <People />
    case 'processes':
      return <Processes />
    case 'audit':
      return <Audit />
    default:
      return part satisfies never
  }
}
