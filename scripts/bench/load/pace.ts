/** Calls a task at a fixed rate, by the schedule and not by when the last call ended. */
import { sleep } from './until.ts'

const TICK_MS = 1

/**
 * Calls `task` `total` times, `rate` times a second. `isOver` ends it early.
 * @throws what the task throws
 */
export const pace = async (
  rate: number,
  total: number,
  task: (index: number, at: number, lateMs: number) => void,
  isOver: () => boolean = () => false,
): Promise<void> => {
  const gapMs = 1000 / rate
  const start = performance.now()
  for (let index = 0; index < total && !isOver(); ) {
    const now = performance.now()
    for (let due = start + index * gapMs; index < total && due <= now; due = start + index * gapMs) {
      const at = performance.now()
      task(index++, at, at - due)
    }
    await sleep(TICK_MS)
  }
}
