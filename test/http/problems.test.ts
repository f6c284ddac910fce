/** What the API answers when it cannot give what is asked for. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { startApi, updateOf } from '../support/archive-api.ts'
import { anyPostgres } from '../support/stores.ts'

const PAGE = '/stories/s1/pages/p1'

const withPage = async () => {
  const { ask } = await startApi(anyPostgres())
  await ask(`POST ${PAGE}/updates`, { body: updateOf((d) => d.getText('t').insert(0, 'text')) })
  return ask
}

const REFUSED: readonly (readonly [request: string, status: number])[] = [
  ['GET /stories/none', 404],
  ['GET /stories/s1/pages/none', 404],
  ['GET /stories/s1/pages/none/history', 404],
  ['GET /stories/s1/pages/none/authors', 404],
  ['GET /stories/s1/pages/none/diff?from=2026-01-01T00:00:00Z', 404],
  ['GET /stories/s1/pages/none/versions', 404],
  ['GET /stories/s1/pages/p1/versions/00000000-0000-4000-8000-000000000000', 404],
  ['GET /stories/s1/pages/p1?version=00000000-0000-4000-8000-000000000000', 404],
  ['POST /stories/s1/pages/none/restore {"at":"2026-01-01T00:00:00Z"}', 404],
  ['POST /stories/s1/pages/none/versions {}', 404],
  ['POST /stories/s1/pages/none/copy {"page":"x"}', 404],
  ['POST /stories/s1/pages/none/undelete', 404],
  ['DELETE /stories/s1/pages/none', 404],
  ['DELETE /stories/s1/pages/none?hard=true', 404],
  ['POST /stories/none/versions {}', 404],
  ['GET /stories/none/versions', 404],
  ['POST /stories/s1/restore {"version":"00000000-0000-4000-8000-000000000000"}', 404],
  ['POST /stories/none/copy {"story":"x"}', 404],
  ['GET /stories/s1/pages/p1?at=yesterday', 400],
  ['GET /stories/s1/pages/p1?roots=body:novel', 400],
  ['GET /stories/s1/pages/p1?at=2026-01-01T00:00:00Z&version=00000000-0000-4000-8000-000000000000', 400],
  ['GET /stories/s1/pages/p1/history?limit=0', 400],
  ['GET /stories/s1/pages/p1/diff', 400],
  ['GET /stories/s1/pages/p1/diff?from=2999-01-01T00:00:00Z&to=2001-01-01T00:00:00Z', 400],
  ['GET /stories/s1/pages/%zz', 400],
  ['GET /stories/s1/pages/a%2Fb', 400],
  ['GET /stories/s1/pages/%00', 400],
  ['POST /stories/s1/pages/p1/restore {}', 400],
  ['POST /stories/s1/pages/p1/restore nonsense', 400],
  ['POST /stories/s1/pages/p1/undo {"user":"ana"}', 400],
  ['GET /nothing', 404],
]

describe('the API', () => {
  it('answers with a problem what cannot be had, or makes no sense', async () => {
    const ask = await withPage()
    const wrong: unknown[] = []
    for (const [request, status] of REFUSED) {
      const [method, path, ...rest] = request.split(' ')
      const text = rest.join(' ')
      const body = text === '' ? {} : { body: text === 'nonsense' ? text : JSON.parse(text) }
      const answer = await ask(`${method} ${path}`, body)
      const isProblem = answer.type === 'application/problem+json' && answer.body.status === status && answer.body.title
      if (answer.status !== status || !isProblem) wrong.push({ request, ...answer })
    }
    expect(wrong).toEqual([])
  })

  it('refuses what is no update, and what depends on what the page does not hold', async () => {
    const ask = await withPage()
    expect((await ask(`POST ${PAGE}/updates`, { body: new Uint8Array([1, 2, 3]) })).status).toBe(422)
    const doc = new Y.Doc()
    updateOf((d) => d.getText('t').insert(0, 'unseen'), doc)
    const later = updateOf((d) => d.getText('t').insert(6, ' words'), doc)
    expect((await ask(`POST ${PAGE}/updates`, { body: later })).status).toBe(409)
  })
})
