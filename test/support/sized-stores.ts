/** The stores of suites that only build on what the suites of storage show: more of them at full size. */
import { isFull } from './size.ts'
import { everyPostgres, everyStore, pgliteStore, type StoreKind } from './stores.ts'

const firstPostgres = everyPostgres.slice(0, 1)

/**
 * What a run at full size takes: all, or where `npm test` has just run some, the others. Where there is no other they
 * run again: a file without tests is a fault.
 */
const atFullSize = (all: readonly StoreKind[], atNormalSize: readonly StoreKind[]): readonly StoreKind[] => {
  if (process.env.SCRIPTORIUM_TEST_LARGER !== '1') return all
  const others = all.filter((store) => !atNormalSize.includes(store))
  return others.length > 0 ? others : all
}

const sized = (all: readonly StoreKind[], atNormalSize: readonly StoreKind[]): readonly StoreKind[] =>
  isFull ? atFullSize(all, atNormalSize) : atNormalSize

/** The PostgreSQL databases: the first, and all of them at full size. */
export const postgresStores = sized(everyPostgres, firstPostgres)
/** PGlite and the first PostgreSQL, and all at full size. */
export const allStores = sized(everyStore, [pgliteStore, ...firstPostgres])
/** For suites that are slow on PGlite: that one at full size only. */
export const mainStores = sized(everyStore, firstPostgres)
