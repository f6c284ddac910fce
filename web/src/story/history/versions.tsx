/** Versions of a page: named by people, or kept by the service. */
import { Bookmark, Clock } from 'lucide'
import { useEffect, useState } from 'preact/hooks'
import { Icon } from '../../ui/icon.tsx'
import { say } from '../../ui/toast.tsx'
import { moment, words } from '../../words/words.ts'
import type { Past, Version } from './past.ts'

export interface VersionsParts {
  readonly past: Past
  /** Raised when there may be others. */
  readonly round: number
  /** The one that is shown. */
  readonly chosen: string | null
  readonly choose: (id: string) => void
  readonly canName: boolean
}

const KINDS: Readonly<Record<Version['kind'], string>> = {
  named: words.versions,
  automatic: words.versionAutomatic,
  before: words.versionBefore,
  story: words.versionStory,
  import: words.versionImport,
}

export const Versions = ({ past, round, chosen, choose, canName }: VersionsParts) => {
  const [versions, setVersions] = useState<readonly Version[]>([])
  const [label, setLabel] = useState('')
  const failed = (error: Error) => say({ text: words.failed(error.message) })
  const load = () => past.versions().then(setVersions, failed)
  useEffect(() => void load(), [past, round])

  const name = () =>
    past.name(label.trim()).then(() => {
      setLabel('')
      say({ text: words.versionSaved })
      return load()
    }, failed)

  return (
    <section class="versions" aria-label={words.versions}>
      <h3>{words.versions}</h3>
      {canName && (
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault()
            if (label.trim() !== '') void name()
          }}
        >
          <input
            class="field"
            aria-label={words.versionName}
            placeholder={words.versionName}
            value={label}
            onInput={(event) => setLabel(event.currentTarget.value)}
          />
          <button type="submit" class="button">
            <Icon of={Bookmark} />
            {words.versionSave}
          </button>
        </form>
      )}
      {versions.length === 0 && <p class="faint">{words.noVersions}</p>}
      <ul>
        {versions.map((version) => (
          <li key={version.id}>
            <button
              type="button"
              class="button quiet version"
              aria-pressed={version.id === chosen}
              onClick={() => choose(version.id)}
            >
              <Icon of={version.kind === 'named' ? Bookmark : Clock} />
              <span>
                <strong>{version.label ?? KINDS[version.kind]}</strong>
                <span class="faint">
                  {moment(version.at)}
                  {version.author === null ? '' : ` · ${version.author}`}
                </span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
