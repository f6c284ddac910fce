/** What managers and operators did, the newest first. */
import { useState } from 'preact/hooks'
import { Scroll } from './scroll.tsx'
import type { Act } from './told.ts'
import { useAsked } from './use-asked.ts'
import { moment } from './words.ts'

const SHOWN = 50

export const Audit = () => {
  const [before, setBefore] = useState<string | null>(null)
  const query = new URLSearchParams({ limit: String(SHOWN), ...(before === null ? {} : { before }) })
  const { answer, fault } = useAsked<{ acts: readonly Act[] }>(`/admin/audit?${query}`)
  const acts = answer?.acts ?? []
  return (
    <section aria-labelledby="audit">
      <h2 id="audit">Audit</h2>
      {fault !== null && (
        <p class="notice bad" role="alert">
          {fault}
        </p>
      )}
      {answer !== null && acts.length === 0 && <p class="faint">Nothing was done yet.</p>}
      {acts.length > 0 && (
        <Scroll label="Acts">
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">What</th>
                <th scope="col">Where</th>
                <th scope="col">More</th>
              </tr>
            </thead>
            <tbody>
              {acts.map(({ at, author, act, story, page, about, detail }) => (
                <tr key={`${at} ${act}`}>
                  <td>{moment(at)}</td>
                  <td>{author ?? '–'}</td>
                  <th scope="row">
                    <code>{act.replace('/api/v1', '')}</code>
                  </th>
                  <td>{[story, page].filter((name) => name !== null).join('/') || '–'}</td>
                  <td>{[about, detail === null ? null : JSON.stringify(detail)].filter(Boolean).join(' ') || '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      <div class="row">
        {before !== null && (
          <button type="button" class="button" onClick={() => setBefore(null)}>
            Newest
          </button>
        )}
        {acts.length === SHOWN && (
          <button type="button" class="button" onClick={() => setBefore(acts.at(-1)?.at ?? null)}>
            Older
          </button>
        )}
      </div>
    </section>
  )
}
