/** The words of the console, in one place. */
const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

export const count = (value: number): string => (value < 10 ? number : whole).format(value)

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

export const bytes = (value: number): string => {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3))
  return `${number.format(value / 1000 ** power)} ${UNITS[power]}`
}

export const ms = (value: number | null): string => {
  if (value === null) return '–'
  return value >= 1000 ? `${number.format(value / 1000)} s` : `${number.format(value)} ms`
}

export const percent = (value: number): string => `${whole.format(value * 100)} %`

export const moment = (time: string | number): string =>
  new Date(time).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })

export const readers = (slow: number): string =>
  slow === 1 ? '1 reader does not keep up' : `${slow} readers do not keep up`

/** What was done, by the route that did it; a route that is not named here speaks for itself. */
const DEEDS: Readonly<Record<string, string>> = {
  'PUT /stories/:story/freeze': 'froze',
  'DELETE /stories/:story/freeze': 'thawed',
  'PUT /stories/:story/pages/:page/freeze': 'froze',
  'DELETE /stories/:story/pages/:page/freeze': 'thawed',
  'DELETE /stories/:story/pages/:page': 'deleted',
  'POST /stories/:story/pages/:page/undelete': 'brought back',
  'POST /stories/:story/pages/:page/restore': 'put back',
  'POST /stories/:story/pages/:page/undo': 'took back changes in',
  'POST /stories/:story/pages/:page/versions': 'named a version of',
  'POST /stories/:story/restore': 'put back',
  'POST /stories/:story/copy': 'copied',
  'POST /stories/:story/versions': 'named a version of',
  'POST /admin/revoke': 'changed the rights of',
  'POST /admin/forget': 'had a person forgotten:',
  'POST /admin/compact': 'ran a compaction',
  'POST /admin/doctor': 'ran a check',
  'POST /admin/restore': 'ran a restore',
  'POST /admin/export': 'ran an export',
  'POST /admin/import': 'ran an import',
  'POST /admin/drain': 'drained a process',
  'POST /admin/rooms/:story/:page/fold': 'folded',
  'POST /admin/rooms/:story/:page/close': 'closed the sockets of',
}

export const deedOf = (act: string): string => {
  const route = act.replace('/api/v1', '').replace(/\{(\w+)\}/g, ':$1')
  return DEEDS[route] ?? route
}

/** What an act does, said before it is done. */
export const acts = {
  fold: {
    title: 'Fold this page',
    does: 'Its rows since the last snapshot become part of a new snapshot, so that it opens faster. Nobody who writes notices anything.',
    go: 'Fold it',
    done: 'The page was folded.',
  },
  check: {
    title: 'Check this page',
    does: 'The page is loaded from the database and compared with its history. Nothing is changed.',
    go: 'Check it',
  },
  freeze: {
    title: 'Freeze this page',
    does: 'Nobody but managers can write on it until it is thawed. Everybody who has it open is told at once, with your reason. What they write meanwhile stays with them.',
    go: 'Freeze it',
    done: 'The page is frozen.',
  },
  thaw: {
    title: 'Thaw this page',
    does: 'Whoever may write can write on it again, at once.',
    go: 'Thaw it',
    done: 'The page can be written again.',
  },
  close: {
    title: 'Close the sockets of this page',
    does: 'Everybody who has it open here is cut off and connects again within seconds. Nothing that they wrote is lost.',
    go: 'Close them',
    done: (closed: number) => (closed === 1 ? '1 socket was closed.' : `${closed} sockets were closed.`),
  },
  restore: {
    title: 'Put this page back',
    does: 'The page becomes as it was then, for everybody, while they watch. Its present state is kept as a version first, so this can be taken back. What others type meanwhile survives.',
    go: 'Put it back',
    done: 'The page was put back.',
  },
  revoke: {
    title: 'Revoke a user',
    does: 'Every token of this user issued until now stops counting, and their open sockets are closed on every process. Tokens issued from now on count again.',
    go: 'Revoke',
    done: (user: string) => `${user} was revoked.`,
  },
  compact: {
    title: 'Compact',
    does: 'Pages are folded and their history becomes coarser, as the settings say. Pages stay open and can be written all the while; the pace gives way to those who write.',
    go: 'Start the compaction',
  },
  dryRun: {
    title: 'Compact, as a rehearsal',
    does: 'Every page is read and it is worked out what a compaction would save. Nothing is changed.',
    go: 'Start the rehearsal',
  },
  drain: {
    title: 'Drain this process',
    does: 'It accepts nobody any more, tells every client to connect again, commits what it holds, and ends. Unless something starts it again, the service is gone.',
    go: 'Drain and end it',
    done: 'The process is draining.',
  },
} as const
