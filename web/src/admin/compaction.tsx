/** Compaction: asked for, watched, and what it came to. */
import { Archive } from 'lucide'
import { useState } from 'preact/hooks'
import type { CompactReport } from '../../../shared/operators.ts'
import { Icon } from '../ui/icon.tsx'
import { Act } from './act.tsx'
import { ask } from './service.ts'
import type { Job } from './told.ts'
import { acts, bytes, count, moment } from './words.ts'

export const Compaction = ({ jobs }: { readonly jobs: readonly Job[] }) => {
  const [story, setStory] = useState('')
  const [days, setDays] = useState('')
  const [dryRun, setDryRun] = useState(true)
  const [isAsked, setAsked] = useState(false)
  const compactions = jobs.filter(({ name }) => name === 'compact')
  const isRunning = compactions.some(({ endedAt }) => endedAt === null)
  const start = async () => {
    const chosen = {
      ...(story === '' ? {} : { story }),
      ...(days === '' ? {} : { olderThanDays: Number(days) }),
    }
    await ask('/admin/compact', { method: 'POST', body: { ...chosen, dryRun, detached: true } })
    return null
  }
  return (
    <section aria-labelledby="compaction">
      <h2 id="compaction">Compaction</h2>
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault()
          setAsked(true)
        }}
      >
        <div class="fields">
          <label>
            <span class="label">Story</span>
            <input
              class="field"
              placeholder="all stories"
              value={story}
              onInput={(event) => setStory(event.currentTarget.value)}
            />
          </label>
          <label>
            <span class="label">Not written to for … days</span>
            <input
              class="field"
              type="number"
              min="0"
              placeholder="any"
              value={days}
              onInput={(event) => setDays(event.currentTarget.value)}
            />
          </label>
        </div>
        <label class="check">
          <input type="checkbox" checked={dryRun} onChange={(event) => setDryRun(event.currentTarget.checked)} />
          Rehearse only: change nothing, and say what would be saved
        </label>
        <button type="submit" class="button main" disabled={isRunning}>
          <Icon of={Archive} />
          {isRunning ? 'A compaction is under way' : 'Compact …'}
        </button>
      </form>
      {compactions.length === 0 && <p class="faint">None was run since this process started.</p>}
      {compactions.map((job) => (
        <Run key={job.id} job={job} />
      ))}
      {isAsked && (
        <Act words={dryRun ? acts.dryRun : acts.compact} act={start} close={() => setAsked(false)}>
          <p class="aim">
            Pages of <b>{story === '' ? 'all stories' : story}</b>
            {days !== '' && `, not written to for ${days} days`}
          </p>
        </Act>
      )}
    </section>
  )
}

const Run = ({ job: { asked, startedAt, endedAt, progress, report, fault } }: { readonly job: Job }) => (
  <article class="card">
    <h3>
      {asked.dryRun === true ? 'Rehearsal' : 'Compaction'}
      {typeof asked.story === 'string' && ` of ${asked.story}`}
    </h3>
    <p class="faint">Begun {moment(startedAt)}</p>
    {endedAt === null && (
      <p class="progress" role="status">
        <progress max={Math.max(1, progress?.total ?? 1)} value={progress?.done ?? 0} aria-label="Pages done" />
        {progress === null ? 'Looking for pages …' : `${count(progress.done)} of ${count(progress.total)} pages`}
      </p>
    )}
    {fault !== null && <p class="notice bad">It ended before its time: {fault}</p>}
    {report !== null && <Report report={report as CompactReport} />}
  </article>
)

const Report = ({ report }: { readonly report: CompactReport }) => {
  const { dryRun, pages, compacted, before, after, skipped, quarantined, failed, seconds } = report
  const saved = before.bytes - after.bytes
  return (
    <div class="report">
      <p>
        <b>{count(compacted)}</b> of {count(pages)} pages {dryRun ? 'would be' : 'were'} compacted, in {count(seconds)}{' '}
        s.
      </p>
      <dl class="facts">
        <div>
          <dt>Before</dt>
          <dd>
            {bytes(before.bytes)}, {count(before.rows)} rows
          </dd>
        </div>
        <div>
          <dt>After</dt>
          <dd>
            {bytes(after.bytes)}, {count(after.rows)} rows
          </dd>
        </div>
        <div>
          <dt>{saved >= 0 ? 'Saved' : 'Grown by'}</dt>
          <dd>{bytes(Math.abs(saved))}</dd>
        </div>
      </dl>
      <Listed title="Left as they were" items={skipped} />
      <Listed title="Failed" items={failed} />
      <Listed
        title="Rows set aside"
        items={quarantined.map(({ page, rows }) => ({ page, why: `${count(rows)} rows could not be read` }))}
      />
    </div>
  )
}

const SHOWN = 20

const Listed = ({
  title,
  items,
}: {
  readonly title: string
  readonly items: readonly { readonly page: string; readonly why: string }[]
}) => {
  if (items.length === 0) return null
  return (
    <details>
      <summary>
        {title}: {count(items.length)}
      </summary>
      <ul>
        {items.slice(0, SHOWN).map(({ page, why }) => (
          <li key={page}>
            <b>{page}</b>: {why}
          </li>
        ))}
      </ul>
    </details>
  )
}
