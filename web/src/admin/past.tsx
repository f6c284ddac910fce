/** The past of a page: who edited when, its versions, and the way back to each. */
import { History } from 'lucide'
import { Icon } from '../ui/icon.tsx'
import { pagePath } from './service.ts'
import type { HistoryEntry, PageName, Version } from './told.ts'
import { useAsked } from './use-asked.ts'
import { bytes, count, moment } from './words.ts'

/** Where a page can be put back to, and what that is called. */
export interface Target {
  readonly words: string
  readonly body: { readonly version: string } | { readonly at: string }
}

export interface PastParts {
  readonly page: PageName
  readonly restore: (to: Target) => void
}

const SHOWN = 20
const REFRESH_MS = 5000

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
      <h3>What was written</h3>
      {history.fault !== null && <p class="faint">{history.fault}</p>}
      <ul class="past">
        {entries.map(({ author, kind, to, toSeq, edits, bytes: size }) => (
          <li key={toSeq}>
            <span>
              <b>{author ?? 'somebody'}</b> {kind === 'edit' ? '' : `(${kind}) `}· {moment(to)}
              <span class="faint">
                {' '}
                · {count(edits)} {edits === 1 ? 'edit' : 'edits'}, {bytes(size)}
              </span>
            </span>
            <Back words={`the state of ${moment(to)}`} body={{ at: to }} restore={restore} />
          </li>
        ))}
      </ul>
      {kept.length > 0 && (
        <>
          <h3>Versions</h3>
          <ul class="past">
            {kept.map(({ id, kind, label, author, at }) => (
              <li key={id}>
                <span>
                  <b>{label ?? (kind === 'before' ? 'before a restore' : kind)}</b> · {moment(at)}
                  <span class="faint">{author === null ? '' : ` · ${author}`}</span>
                </span>
                <Back words={label ?? `the version of ${moment(at)}`} body={{ version: id }} restore={restore} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

const Back = ({ words, body, restore }: Target & Pick<PastParts, 'restore'>) => (
  <button type="button" class="button quiet" onClick={() => restore({ words, body })}>
    <Icon of={History} />
    Put back<span class="hidden-words"> to {words}</span>
  </button>
)
