/** The past of a page: a slider over its moments, the page as it was, and ways back. */
import { X } from 'lucide'
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Provider } from '../../../../shared/provider/provider.ts'
import { ApiFault } from '../../device/api.ts'
import { Icon } from '../../ui/icon.tsx'
import { useObserved } from '../../ui/observe.ts'
import { words } from '../../words/words.ts'
import type { StorySession } from '../session.ts'
import { Changes } from './changes.tsx'
import { MomentView } from './moment.tsx'
import { type Entry, justAfter, type Look, type Moment, Past } from './past.ts'
import { Slider } from './slider.tsx'
import { Undoing } from './undoing.tsx'
import { Versions } from './versions.tsx'
import { Ways } from './ways.tsx'

export interface HistoryParts {
  readonly session: StorySession
  readonly provider: Provider
  readonly close: () => void
  /** Goes to another page. */
  readonly show: (page: string) => void
}

export const HistoryView = ({ session, provider, close, show }: HistoryParts) => {
  const { page, story } = provider
  const past = useMemo(() => new Past(story, page), [story, page])
  const { role } = useObserved(provider)
  const [entries, setEntries] = useState<readonly Entry[] | null>(null)
  const [chosen, setChosen] = useState<number | null>(null)
  const [version, setVersion] = useState<string | null>(null)
  const [look, setLook] = useState<Look | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const [round, setRound] = useState(0)

  const failed = (error: unknown) => {
    const isAway = error instanceof ApiFault && error.status === 0
    setFault(isAway ? words.historyAway : words.failed((error as Error).message))
  }
  useEffect(() => {
    setFault(null)
    past.entries().then((found) => {
      setEntries(found)
      setChosen(found.length - 1)
    }, failed)
  }, [past, round])

  const entry = chosen === null ? undefined : entries?.[chosen]
  const moment = momentOf(version, entry)
  const before = version === null && chosen !== null ? entries?.[chosen - 1] : undefined
  useEffect(() => {
    if (moment === null) return
    let isLeft = false
    past.look(moment, before === undefined ? null : justAfter(before.to)).then((found) => {
      if (!isLeft) setLook(found)
    }, failed)
    return () => {
      isLeft = true
    }
  }, [past, version, entry?.toSeq, before?.toSeq])
  const refresh = () => {
    setVersion(null)
    setRound(round + 1)
  }

  return (
    <div class="history">
      <section class="history-panel" aria-label={words.history}>
        <div class="row history-head">
          <h2>{words.history}</h2>
          <button type="button" class="button" onClick={close}>
            <Icon of={X} />
            {words.historyClose}
          </button>
        </div>
        {fault !== null && (
          <p class="notice" role="alert">
            {fault}
          </p>
        )}
        {entries?.length === 0 && <p class="faint">{words.historyEmpty}</p>}
        {entries !== null && chosen !== null && entries.length > 0 && (
          <>
            <Slider
              entries={entries}
              chosen={chosen}
              isVersion={version !== null}
              choose={(at) => {
                setVersion(null)
                setChosen(at)
              }}
            />
            {moment !== null && role === 'manage' && (
              <Ways
                session={session}
                past={past}
                moment={moment}
                isNow={version === null && chosen === entries.length - 1}
                page={page}
                done={refresh}
                show={show}
              />
            )}
            {look !== null && version === null && <Changes texts={look.changes} />}
            {role === 'manage' && <Undoing past={past} entries={entries} done={refresh} />}
            <Versions past={past} round={round} chosen={version} choose={setVersion} canName={role === 'manage'} />
          </>
        )}
      </section>
      <div class="sheet" aria-live="polite">
        {look === null && fault === null && entries?.length !== 0 && <p class="faint opening">{words.opening}</p>}
        {look !== null && <MomentView session={session} page={page} look={look} isAll={version !== null} />}
      </div>
    </div>
  )
}

const momentOf = (version: string | null, entry: Entry | undefined): Moment | null => {
  if (version !== null) return { version }
  return entry === undefined ? null : { at: justAfter(entry.to) }
}
