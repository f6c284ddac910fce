// @vitest-environment happy-dom
/** The audit in words: nothing of it speaks for itself, and what was refused does not read as done. */
import { describe, expect, it } from 'vitest'
import { deedOf } from '../../web/src/admin/deed.ts'
import { CONSOLES } from '../../web/src/words/console.ts'

const ACT = { at: '2026-01-31T12:00:00Z', author: null, story: null, page: null, about: null, detail: null }
const sentence = (act: object): string => {
  const { who, did, about, where, how, not } = deedOf({ ...ACT, act: '', ...act })
  return [who, did, about, where, how, not?.what, not?.why].filter((part) => part != null && part !== '').join(' ')
}

/** Acts as `<method> <route>`, and what the service notes of them. */
const ACTS: readonly (readonly [act: string, noted: object, said: string])[] = [
  [
    'POST /api/v1/admin/import',
    { detail: { by: 'a command on this machine', story: 's1', dryRun: false, refused: 'these pages exist already' } },
    'a command on this machine asked for an import of s1 refused these pages exist already',
  ],
  [
    'POST /api/v1/admin/compact',
    { author: 'op', detail: { dryRun: true } },
    'op ran a compaction of every page a rehearsal: nothing was changed',
  ],
  [
    'POST /api/v1/admin/compact',
    { author: 'op', detail: { dryRun: false, failed: 'the database is away' } },
    'op asked for a compaction of every page failed the database is away',
  ],
  [
    'POST /api/v1/admin/compact',
    { author: 'op', detail: { dryRun: false, ended: false } },
    'op asked for a compaction of every page not known to have ended',
  ],
  ['POST /api/v1/admin/compact', { author: 'op', detail: { story: 's1', ended: true } }, 'op ran a compaction of s1'],
  [
    'POST /api/v1/admin/doctor',
    { author: 'op', detail: { story: 's1', page: 'p1', repair: true } },
    'op ran a check of s1/p1 mending what is sure',
  ],
  [
    'POST /api/v1/admin/revoke',
    { author: 'op', about: 'ana', detail: { story: null, page: null, grant: 'none' } },
    'op changed the rights of ana no rights any more',
  ],
  [
    'POST /api/v1/admin/forget',
    { author: 'op', about: 'forgotten-1', detail: { replaced: 1 } },
    'op had a person forgotten: forgotten-1 in 1 row',
  ],
  [
    'POST /api/v1/stories/:story/invitations',
    { author: 'ana', story: 's1', about: 'guest-1', detail: { grant: 'write', days: 7 } },
    'ana invited guest-1 s1 may write, for 7 days',
  ],
  [
    'POST /api/v1/admin/rooms/:story/:page/close',
    { author: 'op', story: 's1', page: 'p1', detail: { closed: 1, silent: 2 } },
    'op closed the sockets of s1/p1 1 socket, 2 processes did not answer',
  ],
  [
    'DELETE /api/v1/stories/{story}/pages/{page}',
    { story: 's1', page: 'p1', detail: { hard: true } },
    'somebody deleted s1/p1 for good',
  ],
  [
    'POST /api/v1/stories/{story}/copy',
    { author: 'ana', story: 's2', detail: { of: 's1' } },
    'ana made a copy: s2 of s1',
  ],
]

describe('the audit', () => {
  it.each(ACTS)('has words for %s', (act, noted, said) => {
    expect(sentence({ ...noted, act })).toBe(said)
  })

  it('has them in every language for the same acts', () => {
    const acts = Object.values(CONSOLES).map(({ deeds, asked, details }) =>
      [deeds, asked, details].map((words) => Object.keys(words).sort()),
    )
    for (const each of acts) expect(each).toEqual(acts[0])
  })
})
