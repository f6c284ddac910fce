/** One page: how it stands, who is there, its past, and what can be done about it. */
import { ArrowLeft, Check, FoldVertical, PenLine, Snowflake, Stethoscope, Sun, Unplug } from 'lucide'
import { useState } from 'preact/hooks'
import { Icon } from '../ui/icon.tsx'
import { words } from '../words/console.ts'
import { bytes, count, moment } from './figures.ts'
import { Past } from './past.tsx'
import { type RoomAct, RoomActs } from './room-acts.tsx'
import { roomPath } from './service.ts'
import type { DoctorReport, OpenRoom, PageName, RoomDetail } from './told.ts'
import { useAsked } from './use-asked.ts'

const REFRESH_MS = 2000
const { facts } = words
const ROLES: Readonly<Record<string, string>> = words.roles

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
          <Icon of={ArrowLeft} /> {words.allPages}
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
          {answer.frozen !== null && <p class="notice">{words.frozen(answer.frozen)}</p>}
          <Facts detail={answer} />
          <div class="row acts">
            <button type="button" class="button" onClick={() => setAct({ kind: 'check' })}>
              <Icon of={Stethoscope} /> {words.check}
            </button>
            <button type="button" class="button" onClick={() => setAct({ kind: 'fold' })}>
              <Icon of={FoldVertical} /> {words.fold}
            </button>
            {answer.frozen === null ? (
              <button type="button" class="button" onClick={() => setAct({ kind: 'freeze' })}>
                <Icon of={Snowflake} /> {words.freeze}
              </button>
            ) : (
              <button type="button" class="button" onClick={() => setAct({ kind: 'thaw' })}>
                <Icon of={Sun} /> {words.thaw}
              </button>
            )}
            <button
              type="button"
              class="button"
              disabled={!isOpen(answer.open)}
              onClick={() => setAct({ kind: 'close' })}
            >
              <Icon of={Unplug} /> {words.closeSockets}
            </button>
            {!page.page.startsWith('_') && (
              <a class="button" href={`/s/${encodeURIComponent(page.story)}#page=${encodeURIComponent(page.page)}`}>
                <Icon of={PenLine} /> {words.openInEditor}
              </a>
            )}
          </div>
          {health !== null && <Health report={health} />}
          <People detail={answer} />
          {answer.silent > 0 && <p class="notice">{words.silent(answer.silent)}</p>}
          <Past page={page} restore={(to) => setAct({ kind: 'restore', to })} />
        </>
      )}
      {act !== null && <RoomActs act={act} page={page} close={close} examined={setHealth} />}
    </section>
  )
}

/** Whether somebody has it open: a page stays in memory for a while after that. */
const isOpen = (open: OpenRoom | null): open is OpenRoom => open !== null && open.members > 0

const Facts = ({ detail: { open, stored } }: { readonly detail: RoomDetail }) => (
  <dl class="facts">
    <Fact name={facts.open} value={isOpen(open) ? words.by(count(open.members)) : words.byNobody} />
    {open !== null && <Fact name={facts.snapshot} value={bytes(open.snapshotBytes)} />}
    {open !== null && (
      <Fact name={facts.tail} value={words.sizeAndRows(bytes(open.tailBytes), open.tailRows, count(open.tailRows))} />
    )}
    {open !== null && <Fact name={facts.uncommitted} value={bytes(open.unsavedBytes)} />}
    {stored !== null && <Fact name={facts.updates} value={count(stored.updates)} />}
    {stored !== null && <Fact name={facts.rows} value={count(stored.tailRows)} />}
    {stored !== null && <Fact name={facts.lastEdit} value={moment(stored.lastEdit)} />}
    {stored?.deletedAt != null && (
      <Fact name={stored.erased ? facts.erased : facts.deleted} value={moment(stored.deletedAt)} />
    )}
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
        <Icon of={Check} /> {words.healthy}
      </p>
    )
  }
  return (
    <div class={report.faults > 0 ? 'notice bad' : 'notice'} role="status">
      <ul>
        {findings.map(({ what, level }) => (
          <li key={what}>
            {words.levels[level]}: {what}
          </li>
        ))}
      </ul>
    </div>
  )
}

const People = ({ detail: { people, open } }: { readonly detail: RoomDetail }) => (
  <>
    <h3>{words.whoIsHere}</h3>
    {open === null || people.length === 0 ? (
      <p class="faint">{words.nobodyHere}</p>
    ) : (
      <ul class="people">
        {people.map(({ user, name, role, acknowledged, isSlow }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: one person may be here twice, and nothing else tells them apart
          <li key={at}>
            <b>{name ?? user ?? words.somebody}</b>
            {name !== null && user !== name && <span class="faint">{user}</span>}
            <span class="tag">{ROLES[role] ?? role}</span>
            {!acknowledged && <span class="tag">{words.stockClient}</span>}
            {isSlow && <span class="tag wait">{words.slowReader}</span>}
          </li>
        ))}
      </ul>
    )}
  </>
)
