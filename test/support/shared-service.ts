/** One service for all tests of a file: to start one costs more than most of what is asked of it. */
import { afterAll, beforeAll } from 'vitest'
import { type Environment, type Scope, type Service, startService } from './service.ts'
import { anyPostgres, type Store, type StoreKind } from './stores.ts'

export interface Shared {
  readonly store: Store
  readonly service: Service
}

/**
 * @param kind where its pages are; none: in the first PostgreSQL
 * @returns what gives the service and its database to a test; each takes pages of its own
 */
export const sharedService = (env: Environment, kind?: StoreKind): (() => Shared) => {
  const releases: (() => unknown)[] = []
  const scope: Scope = { finished: (task) => void releases.push(task), failed: () => undefined }
  let shared: Shared | null = null
  beforeAll(async () => {
    const store = await (kind ?? anyPostgres()).open(scope)
    shared = { store, service: await startService({ ...store.env, ...env }, scope) }
  })
  afterAll(async () => {
    for (const release of releases.splice(0).reverse()) await release()
  })
  return () => {
    if (shared === null) throw new Error('the service is not there yet')
    return shared
  }
}
