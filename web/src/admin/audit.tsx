/** What managers and operators did, the newest first. */
import { useState } from 'preact/hooks'
import { words } from '../words/console.ts'
import { deedOf } from './deed.ts'
import { moment } from './figures.ts'
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
          <Row key={`${act.at} ${act.act} ${act.about}`} act={act} />
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

const Row = ({ act }: { readonly act: Act }) => {
  const { who, did, about, where, how, not } = deedOf(act)
  return (
    <li class="deed">
      <span>
        <b>{who}</b> {did} {about !== null && <b>{about}</b>}{' '}
        {where !== '' && (
          <>
            {about !== null && `${words.in} `}
            <b>{where}</b>
          </>
        )}
        {how !== '' && <span class="faint"> ({how})</span>}
        {not !== null && (
          <>
            {' '}
            <span class={`tag ${not.why === '' ? 'wait' : 'bad'}`}>{not.what}</span> {not.why}
          </>
        )}
      </span>
      <span class="faint small">{moment(act.at)}</span>
    </li>
  )
}
