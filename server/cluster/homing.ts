/**
 * Pages that are open here and belong elsewhere: since a node came, a worker was replaced, or the owner did not answer for
 * a while. Their sockets are told to come back, a few at a time, once the owner is there to take them.
 */
import type { Clock, Counters, Logger } from '../ports.ts'
import type { Home } from './placement.ts'

export interface HomingParts<Socket> {
  readonly clock: Clock
  readonly logger: Logger
  readonly counters: Counters
  readonly homeOf: (roomId: string) => Home
  /** The pages that somebody is on, with the sockets there. */
  readonly byRoom: () => ReadonlyMap<string, readonly Socket[]>
  readonly sendBack: (sockets: readonly Socket[]) => void
  /** Whether the node at `url` answers. */
  readonly answers: (url: string) => Promise<boolean>
}

const STEP_MS = 500
/** All that is to move has moved after so many steps, … */
const STEPS = 40
/** … and no step is smaller than this. */
const LEAST_SOCKETS = 10
/** A socket that was opening at a change is on its page by then. */
const OPENING_MS = 6000
/** While an owner does not answer it is asked again after this many steps. */
const UNANSWERED_STEPS = 4

export class Homing<Socket> {
  readonly #parts: HomingParts<Socket>
  #cancel: (() => void) | null = null
  #isDue = false
  #lookUntil = Number.NEGATIVE_INFINITY
  #perStep = LEAST_SOCKETS
  #closed = false

  constructor(parts: HomingParts<Socket>) {
    this.#parts = parts
  }

  /** Looks after all pages: what belongs where may have changed. */
  look(): void {
    this.#isDue = true
    this.#lookUntil = this.#parts.clock.now() + OPENING_MS
    this.#stepLater(STEP_MS)
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
  }

  #stepLater(ms: number): void {
    if (this.#closed || this.#cancel !== null) return
    this.#cancel = this.#parts.clock.after(ms, () => {
      this.#step()
        .catch((error: unknown) => {
          this.#parts.logger.warn({ error: String(error) }, 'pages could not be sent home')
          return STEP_MS
        })
        .then((next) => {
          this.#cancel = null
          if (next !== null || this.#parts.clock.now() < this.#lookUntil) this.#stepLater(next ?? STEP_MS)
        })
    })
  }

  /** @returns when to go on; null: nothing is left */
  async #step(): Promise<number | null> {
    const { homeOf, byRoom, answers, sendBack, counters } = this.#parts
    const strays = [...byRoom()].flatMap(([roomId, sockets]) => {
      const home = homeOf(roomId)
      return home === 'here' ? [] : [{ home, sockets }]
    })
    if (this.#isDue) {
      this.#isDue = false
      const count = strays.reduce((sum, { sockets }) => sum + sockets.length, 0)
      this.#perStep = Math.max(LEAST_SOCKETS, Math.ceil(count / STEPS))
    }
    const able = await answering(
      strays.map(({ home }) => home),
      answers,
    )
    const movable = strays.filter(({ home }) => home === 'beside' || able.has(home.url))
    let left = this.#perStep
    for (const { sockets } of movable) {
      if (left <= 0) return STEP_MS
      sendBack(sockets)
      counters.count('rooms_sent_home')
      left -= sockets.length
    }
    return movable.length === strays.length ? null : STEP_MS * UNANSWERED_STEPS
  }
}

/** Addresses of those nodes that answer. */
const answering = async (
  homes: readonly Exclude<Home, 'here'>[],
  answers: (url: string) => Promise<boolean>,
): Promise<Set<string>> => {
  const able = new Set<string>()
  for (const url of new Set(homes.flatMap((home) => (home === 'beside' ? [] : [home.url])))) {
    if (await answers(url)) able.add(url)
  }
  return able
}
