/** What the audit keeps of an act, in words: who did what to whom where, how, and what became of it. */
import { words } from '../words/console.ts'
import { count, moment } from './figures.ts'
import type { Act } from './told.ts'

export interface Deed {
  readonly who: string
  readonly did: string
  readonly about: string | null
  readonly where: string
  readonly how: string
  /** Why it did not come to what was asked, as far as that is known; null: it did. */
  readonly not: { readonly what: string; readonly why: string } | null
}

type Told = Readonly<Record<string, (value: never) => string | null>>

const DEEDS: Readonly<Record<string, string>> = words.deeds
const ASKED: Readonly<Record<string, string>> = words.asked
const { details } = words

const whole = (value: unknown): string => count(Number(value))

/** What stands in `detail`, each in words; null: it goes without saying, or is said elsewhere. */
const DETAILS: Told = {
  by: () => null,
  story: () => null,
  page: () => null,
  refused: () => null,
  failed: () => null,
  ended: () => null,
  dryRun: (isDry: boolean) => (isDry ? details.dryRun : null),
  repair: (isMended: boolean) => (isMended ? details.repair : null),
  hard: (isHard: boolean) => (isHard ? details.hard : null),
  reason: (reason: string) => details.reason(reason),
  label: (label: string) => details.label(label),
  version: (id: string) => details.version(id),
  at: (time: string) => details.at(moment(time)),
  from: (time: string) => details.from(moment(time)),
  to: (time: string) => details.to(moment(time)),
  unchanged: () => details.unchanged,
  of: (story: string) => details.of(story),
  grant: (grant: keyof typeof details.grants) => details.grants[grant] ?? grant,
  days: (days: number) => details.days(days, whole(days)),
  closed: (closed: number) => details.closed(closed, whole(closed)),
  replaced: (rows: number) => details.replaced(rows, whole(rows)),
  silent: (silent: number) => details.silent(silent),
}

/** An act in words; a route or a detail that has none speaks for itself. */
export const deedOf = ({ author, act, story, page, about, detail }: Act): Deed => {
  const route = act.replace('/api/v1', '').replace(/\{(\w+)\}/g, ':$1')
  const told = detail ?? {}
  const not = notOf(told)
  const place = [story ?? told.story, page ?? told.page].filter((name) => typeof name === 'string').join('/')
  return {
    who: author ?? (told.by === undefined ? words.somebody : words.command),
    did: (not === null ? DEEDS[route] : (ASKED[route] ?? DEEDS[route])) ?? route,
    about,
    where: place === '' && Object.hasOwn(ASKED, route) ? words.everyPage : place,
    how: howOf(told),
    not,
  }
}

const notOf = ({ refused, failed, ended }: NonNullable<Act['detail']>): Deed['not'] => {
  if (refused !== undefined) return { what: words.refused, why: String(refused) }
  if (failed !== undefined) return { what: words.didNotEnd, why: String(failed) }
  return ended === false ? { what: words.endUnknown, why: '' } : null
}

const howOf = (detail: NonNullable<Act['detail']>): string =>
  Object.entries(detail)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => (Object.hasOwn(DETAILS, key) ? DETAILS[key]?.(value as never) : `${key}: ${value}`) ?? null)
    .filter((said) => said !== null)
    .join(', ')
