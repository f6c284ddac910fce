/** One page: how it stands, who is there, its past, and what can be done about it. */
import { ArrowLeft, Check, FoldVertical, PenLine, Snowflake, Stethoscope, Sun, Unplug } from 'lucide'
import { useState } from 'preact/hooks'
import { Icon } from '../ui/icon.tsx'
import { Past } from './past.tsx'
import { type RoomAct, RoomActs } from './room-acts.tsx'
import { roomPath } from './service.ts'
import type { DoctorReport, PageName, RoomDetail } from './told.ts'
import { useAsked } from './use-asked.ts'
import { bytes, count, moment } from './words.ts'

const REFRESH_MS = 2000

export const Room = ({ page }: { readonly page: PageName }) => {
  const { answer, fault, again } = useAsked<RoomDetail>(roomPath(page.story, page.page), REFRESH_MS)
  const [act, setAct] = useState<RoomAct | null>(null)
  const [health, setHealth] = useState<DoctorReport | null>(null)
  const close = () => {
    setAct(null)
    again()
  }
  return (
    <section aria-labelledby="page">
      <p>
        <a class="button quiet" href="#pages">
          <Icon of={ArrowLeft} /> All pages
        </a>
      </p>
      <h2 id="page">
        {page.story}/{page.page}
      </h2>
      {fault !== null && (
        <p class="notice bad" role="alert">
          {fault}
        </p>
      )}
      {answer !== null && (
        <>
          {answer.frozen !== null && <p class="notice">Frozen: {answer.frozen}</p>}
          <Facts detail={answer} />
          <div class="row acts">
            <button type="button" class="button" onClick={() => setAct({ kind: 'check' })}>
              <Icon of={Stethoscope} /> Check
            </button>
            <button type="button" class="button" onClick={() => setAct({ kind: 'fold' })}>
              <Icon of={FoldVertical} /> Fold
            </button>
            {answer.frozen === null ? (
              <button type="button" class="button" onClick={() => setAct({ kind: 'freeze' })}>
                <Icon of={Snowflake} /> Freeze
              </button>
            ) : (
              <button type="button" class="button" onClick={() => setAct({ kind: 'thaw' })}>
                <Icon of={Sun} /> Thaw
              </button>
            )}
            <button
              type="button"
              class="button"
              disabled={answer.open === null}
              onClick={() => setAct({ kind: 'close' })}
            >
              <Icon of={Unplug} /> Close sockets
            </button>
            {!page.page.startsWith('_') && (
              <a class="button" href={`/s/${encodeURIComponent(page.story)}#page=${encodeURIComponent(page.page)}`}>
                <Icon of={PenLine} /> Open in the editor
              </a>
            )}
          </div>
          {health !== null && <Health report={health} />}
          <People detail={answer} />
          <Past page={page} restore={(to) => setAct({ kind: 'restore', to })} />
        </>
      )}
      {act !== null && <RoomActs act={act} page={page} close={close} examined={setHealth} />}
    </section>
  )
}

const Facts = ({ detail: { open, stored } }: { readonly detail: RoomDetail }) => (
  <dl class="facts">
    <Fact name="Open here" value={open === null ? 'by nobody' : `by ${count(open.members)}`} />
    {open !== null && <Fact name="Snapshot in memory" value={bytes(open.snapshotBytes)} />}
    {open !== null && <Fact name="Tail in memory" value={`${bytes(open.tailBytes)}, ${count(open.tailRows)} rows`} />}
    {open !== null && <Fact name="Not committed yet" value={bytes(open.unsavedBytes)} />}
    {stored !== null && <Fact name="Updates stored" value={count(stored.updates)} />}
    {stored !== null && <Fact name="Rows since the last snapshot" value={count(stored.tailRows)} />}
    {stored !== null && <Fact name="Last edit" value={moment(stored.lastEdit)} />}
    {stored?.deletedAt != null && <Fact name={stored.erased ? 'Erased' : 'Deleted'} value={moment(stored.deletedAt)} />}
  </dl>
)

const Fact = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
)

const Health = ({ report }: { readonly report: DoctorReport }) => {
  const findings = report.found.flatMap((page) => page.findings)
  if (report.faults === 0 && findings.length === 0) {
    return (
      <p class="notice good" role="status">
        <Icon of={Check} /> The page loads, and agrees with its history.
      </p>
    )
  }
  return (
    <div class={report.faults > 0 ? 'notice bad' : 'notice'} role="status">
      <ul>
        {findings.map(({ what, level }) => (
          <li key={what}>
            {level === 'fault' ? 'Fault' : 'Note'}: {what}
          </li>
        ))}
      </ul>
    </div>
  )
}

const People = ({ detail: { people, open } }: { readonly detail: RoomDetail }) => (
  <>
    <h3>Who is here</h3>
    {open === null || people.length === 0 ? (
      <p class="faint">Nobody has this page open on the process that answers.</p>
    ) : (
      <ul class="people">
        {people.map(({ user, name, role, acknowledged, isSlow }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: one person may be here twice, and nothing else tells them apart
          <li key={at}>
            <b>{name ?? user ?? 'somebody'}</b>
            {name !== null && user !== name && <span class="faint">{user}</span>}
            <span class="tag">{role}</span>
            {!acknowledged && <span class="tag">stock client</span>}
            {isSlow && <span class="tag wait">slow reader</span>}
          </li>
        ))}
      </ul>
    )}
  </>
)
