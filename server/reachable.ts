/** Patience with a database that is not up yet. */
import { DatabaseError } from './database/port.ts'
import type { Clock, Logger } from './ports.ts'

/** Not there yet: no connection, starting up, shutting down, too many connections. A wrong password is not patience's matter. */
const AWAY = new Set(['57P01', '57P02', '57P03', '53300', '08000', '08001', '08003', '08004', '08006'])

const isAway = (error: unknown): error is DatabaseError =>
  error instanceof DatabaseError && (error.lost || AWAY.has(error.code ?? ''))

export interface Patience {
  readonly clock: Clock
  readonly logger: Logger
  /** How long to go on trying. */
  readonly forMs: number
  readonly betweenMs: number
  /** Ends the wait early. */
  readonly signal: AbortSignal
}

/**
 * Calls `start` until it no longer fails for want of the database.
 * @throws what `start` threw last, once the time is over or the signal is given, or at once where trying again is of no use
 */
export const untilReachable = async <T>(start: () => Promise<T>, patience: Patience): Promise<T> => {
  const end = patience.clock.now() + patience.forMs
  for (;;) {
    try {
      return await start()
    } catch (error) {
      if (!isAway(error) || patience.signal.aborted || patience.clock.now() + patience.betweenMs > end) throw error
      patience.logger.warn({ reason: error.message }, 'the database does not answer; trying again')
      await pause(patience)
    }
  }
}

const pause = ({ clock, betweenMs, signal }: Patience): Promise<void> =>
  new Promise((done) => {
    const finish = () => {
      cancel()
      signal.removeEventListener('abort', finish)
      done()
    }
    const cancel = clock.after(betweenMs, finish)
    signal.addEventListener('abort', finish)
  })
