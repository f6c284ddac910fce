/** Compaction: asked for, watched, and what it came to. */
import { Archive } from 'lucide'
import { useState } from 'preact/hooks'
import type { CompactReport } from '../../../shared/operators.ts'
import { Icon } from '../ui/icon.tsx'
import { words } from '../words/console.ts'
import { Act } from './act.tsx'
import { bytes, count, moment } from './figures.ts'
import { ask } from './service.ts'
import type { Job } from './told.ts'

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
      <h2 id="compaction">{words.parts.compaction}</h2>
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault()
          setAsked(true)
        }}
      >
        <div class="fields">
          <label>
            <span class="label">{words.story}</span>
            <input
              class="field"
              placeholder={words.allStories}
              value={story}
              onInput={(event) => setStory(event.currentTarget.value)}
            />
          </label>
          <label>
            <span class="label">{words.untouchedDays}</span>
            <input
              class="field"
              type="number"
              min="0"
              placeholder={words.anyDays}
              value={days}
              onInput={(event) => setDays(event.currentTarget.value)}
            />
          </label>
        </div>
        <label class="check">
          <input type="checkbox" checked={dryRun} onChange={(event) => setDryRun(event.currentTarget.checked)} />
          {words.rehearseOnly}
        </label>
        <button type="submit" class="button main" disabled={isRunning}>
          <Icon of={Archive} />
          {isRunning ? words.underWay : words.compact}
        </button>
      </form>
      {compactions.length === 0 && <p class="faint">{words.noneRun}</p>}
      {compactions.map((job) => (
        <Run key={job.id} job={job} />
      ))}
      {isAsked && (
        <Act saying={dryRun ? words.acts.dryRun : words.acts.compact} act={start} close={() => setAsked(false)}>
          <p class="aim">
            {words.pagesOf(story === '' ? words.allStories : story)}
            {days !== '' && words.untouchedFor(Number(days), days)}
          </p>
        </Act>
      )}
    </section>
  )
}

const Run = ({ job: { asked, startedAt, endedAt, progress, report, fault } }: { readonly job: Job }) => (
  <article class="card">
    <h3>{words.runOf(asked.dryRun === true, typeof asked.story === 'string' ? asked.story : null)}</h3>
    <p class="faint">{words.begun(moment(startedAt))}</p>
    {endedAt === null && (
      <p class="progress" role="status">
        <progress max={Math.max(1, progress?.total ?? 1)} value={progress?.done ?? 0} aria-label={words.pagesDone} />
        {progress === null ? words.looking : words.doneOf(count(progress.done), progress.total, count(progress.total))}
      </p>
    )}
    {fault !== null && <p class="notice bad">{words.endedEarly(fault)}</p>}
    {report !== null && <Report report={report as CompactReport} />}
  </article>
)

const Report = ({ report }: { readonly report: CompactReport }) => {
  const { dryRun, pages, compacted, before, after, skipped, quarantined, failed, seconds } = report
  const saved = before.bytes - after.bytes
  return (
    <div class="report">
      <p>{words.compacted(dryRun, compacted, words.doneOf(count(compacted), pages, count(pages)), count(seconds))}</p>
      <dl class="facts">
        <div>
          <dt>{words.before}</dt>
          <dd>{words.sizeAndRows(bytes(before.bytes), before.rows, count(before.rows))}</dd>
        </div>
        <div>
          <dt>{words.after}</dt>
          <dd>{words.sizeAndRows(bytes(after.bytes), after.rows, count(after.rows))}</dd>
        </div>
        <div>
          <dt>{saved >= 0 ? words.saved : words.grown}</dt>
          <dd>{bytes(Math.abs(saved))}</dd>
        </div>
      </dl>
      <Listed title={words.skipped} items={skipped} />
      <Listed title={words.failed} items={failed} />
      <Listed
        title={words.setAside}
        items={quarantined.map(({ page, rows }) => ({ page, why: words.unreadable(rows, count(rows)) }))}
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
