import { expect, it } from 'vitest'
import { english } from '../../web/src/words/console-english.ts'
import { startApi } from '../support/archive-api.ts'
import { anyPostgres } from '../support/stores.ts'

/** They change something and are no managing acts: writers may do them. */
const OF_WRITERS = ['/sync', '/assets/:sha256', '/updates', '/pages/:page/copy']

it('the API describes every route below /api/v1 at /openapi.json, and that they take a bearer token', async () => {
  const { address } = await startApi(anyPostgres())
  const description = (await (await fetch(`${address}/openapi.json`)).json()) as {
    openapi: string
    paths: Record<string, object>
    components: { securitySchemes: object }
    security: object[]
  }
  expect(description.openapi).toMatch(/^3\.1/)
  expect(description.components.securitySchemes).toMatchObject({ bearer: { type: 'http', scheme: 'bearer' } })
  expect(description.security).toEqual([{ bearer: [] }])
  const routes = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const page = '/stories/{story}/pages/{page}'
  expect(routes.sort()).toEqual(
    [
      'GET /stories',
      'GET /stories/{story}',
      'GET /stories/{story}/first',
      'GET /stories/{story}/versions',
      'POST /stories/{story}/versions',
      'POST /stories/{story}/restore',
      'POST /stories/{story}/copy',
      'POST /stories/{story}/sync',
      'POST /stories/{story}/invitations',
      'GET /stories/{story}/export',
      'PUT /stories/{story}/assets/{sha256}',
      'GET /stories/{story}/assets/{sha256}',
      `GET ${page}`,
      `DELETE ${page}`,
      `POST ${page}/undelete`,
      `POST ${page}/updates`,
      `GET ${page}/history`,
      `GET ${page}/authors`,
      `GET ${page}/diff`,
      `GET ${page}/versions`,
      `POST ${page}/versions`,
      `GET ${page}/versions/{id}`,
      `POST ${page}/restore`,
      `POST ${page}/undo`,
      `POST ${page}/copy`,
      'PUT /stories/{story}/freeze',
      'DELETE /stories/{story}/freeze',
      `PUT ${page}/freeze`,
      `DELETE ${page}/freeze`,
      ...['audit', 'rooms', 'rooms/{story}/{page}', 'nodes', 'events'].map((what) => `GET /admin/${what}`),
      ...['fold', 'close'].map((act) => `POST /admin/rooms/{story}/{page}/${act}`),
      'POST /admin/drain',
      ...['revoke', 'forget', 'compact', 'doctor', 'restore', 'export', 'import'].map((act) => `POST /admin/${act}`),
    ].sort(),
  )
  const acts = routes
    .map((route) => route.replace(/\{(\w+)\}/g, ':$1'))
    .filter((route) => !route.startsWith('GET ') && !OF_WRITERS.some((end) => route.endsWith(end)))
  expect(acts.sort(), 'the console has words for each managing act').toEqual(Object.keys(english.deeds).sort())
})
