/** Structs of an update as a scan lays them out: all their numbers in one flat array. */

/** Where each number of a struct lies from the beginning of the struct. */
export const Field = {
  clock: 0,
  endClock: 1,
  /** Offset of its first byte. */
  start: 2,
  /** Its content as Yjs numbers it: 0 garbage collected, 10 skipped. */
  ref: 3,
  /** The origin or else the parent; the client is -1 where there is none. */
  beforeClient: 4,
  beforeClock: 5,
  /** The right origin. */
  afterClient: 6,
  afterClock: 7,
  /** 1 where `before` is the parent. */
  isInside: 8,
  /** 1 where it says that it lies at a key; without an origin only that tells. */
  hasKey: 9,
  /** Offset of its content. */
  content: 10,
} as const

/** Numbers a struct. */
export const STRIDE = 11

/** The structs of one client, in the order of their clocks. */
export interface Run {
  readonly client: number
  /** Indices of its first struct, and of the one after its last. */
  readonly first: number
  readonly last: number
  /** Offset after its last byte. */
  readonly end: number
}
