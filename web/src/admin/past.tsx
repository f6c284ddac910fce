/** The past of a page: who edited when, its versions, and the way back to each. */
import { History } from 'lucide'
import { Icon } from '../ui/icon.tsx'
import { words } from '../words/console.ts'
import { bytes, count, moment } from './figures.ts'
import { pagePath } from './service.ts'
import type { HistoryEntry, PageName, Version } from './told.ts'
import { useAsked } from './use-asked.ts'

/** Where a page can be put back to, and what that is called. */
export interface Target {
  readonly what: string
  readonly body: { readonly version: string } | { readonly at: string }
}

export interface PastParts {
  readonly page: PageName
  readonly restore: (to: Target) => void
}

const SHOWN = 20
const REFRESH_MS = 5000
const KINDS: Readonly<Record<string, string>> = words.kinds
const VERSION_KINDS: Readonly<Record<string, string>> = words.versionKinds

export const Past = ({ page: { story, page }, restore }: PastParts) => {
  const history = useAsked<{ entries: readonly HistoryEntry[] }>(
    `${pagePath(story, page)}/history?limit=${SHOWN}`,
    REFRESH_MS,
  )
  const versions = useAsked<{ versions: readonly Version[] }>(`${pagePath(story, page)}/versions`, REFRESH_MS)
  const entries = history.answer?.entries ?? []
  const kept = versions.answer?.versions.slice(0, SHOWN) ?? []
  return (
    <>
      <h3>{words.whatWasWritten}</h3>
      {history.fault !== null && <p class="faint">{history.fault}</p>}
      <ul class="past">
        {entries.map(({ author, kind, to, toSeq, edits, bytes: size }, at) => (
          <li key={toSeq}>
            <span>
              <b>{author ?? words.somebody}</b> {kind === 'edit' ? '' : `(${KINDS[kind] ?? kind}) `}· {moment(to)}
              <span class="faint"> · {words.edits(edits, count(edits), bytes(size))}</span>
            </span>
            {at === 0 ? (
              <span class="faint small">{words.asNow}</span>
            ) : (
              <Back what={words.stateOf(moment(to))} body={{ at: to }} restore={restore} />
            )}
          </li>
        ))}
      </ul>
      {kept.length > 0 && (
        <>
          <h3>{words.versions}</h3>
          <ul class="past">
            {kept.map(({ id, kind, label, author, at }) => (
              <li key={id}>
                <span>
                  <b>{label ?? VERSION_KINDS[kind] ?? kind}</b> · {moment(at)}
                  <span class="faint">{author === null ? '' : ` · ${author}`}</span>
                </span>
                <Back what={label ?? words.versionOf(moment(at))} body={{ version: id }} restore={restore} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

const Back = ({ what, body, restore }: Target & Pick<PastParts, 'restore'>) => (
  <button type="button" class="button quiet" onClick={() => restore({ what, body })}>
    <Icon of={History} />
    {words.putBack}
    <span class="hidden-words">{words.putBackTo(what)}</span>
  </button>
)
