/** What managers and operators did, the newest first. */
import { useState } from 'preact/hooks'
import { words } from '../words/console.ts'
import { deedOf, moment } from './figures.ts'
import type { Act } from './told.ts'
import { useAsked } from './use-asked.ts'

const SHOWN = 50

export const Audit = () => {
  const [before, setBefore] = useState<string | null>(null)
  const query = new URLSearchParams({ limit: String(SHOWN), ...(before === null ? {} : { before }) })
  const { answer, fault } = useAsked<{ acts: readonly Act[] }>(`/admin/audit?${query}`)
  const acts = answer?.acts ?? []
  return (
    <section aria-labelledby="audit">
      <h2 id="audit">{words.parts.audit}</h2>
      {fault !== null && (
        <p class="notice bad" role="alert">
          {fault}
        </p>
      )}
      {answer !== null && acts.length === 0 && <p class="faint">{words.nothingDone}</p>}
      <ul class="past">
        {acts.map((act) => (
          <Deed key={`${act.at} ${act.act} ${act.about}`} act={act} />
        ))}
      </ul>
      <div class="row">
        {before !== null && (
          <button type="button" class="button" onClick={() => setBefore(null)}>
            {words.newest}
          </button>
        )}
        {acts.length === SHOWN && (
          <button type="button" class="button" onClick={() => setBefore(acts.at(-1)?.at ?? null)}>
            {words.older}
          </button>
        )}
      </div>
    </section>
  )
}

const Deed = ({ act: { at, author, act, story, page, about, detail } }: { readonly act: Act }) => {
  const where = [story, page].filter((name) => name !== null).join('/')
  const more = Object.entries(detail ?? {})
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')
  return (
    <li class="deed">
      <span>
        <b>{author ?? words.somebody}</b> {deedOf(act)} {about !== null && <b>{about}</b>}{' '}
        {where !== '' && (
          <>
            {about !== null && `${words.in} `}
            <b>{where}</b>
          </>
        )}
        {more !== '' && <span class="faint"> ({more})</span>}
      </span>
      <span class="faint small">{moment(at)}</span>
    </li>
  )
}
