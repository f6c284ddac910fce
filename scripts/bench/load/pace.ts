/** Calls a task at a fixed rate, by the schedule and not by when the last call ended. */

const TICK_MS = 1

export class Pace {
  readonly #gapMs: number
  readonly #total: number
  readonly #task: (index: number, at: number, lateMs: number) => void
  readonly #marks: { readonly afterMs: number; readonly task: (at: number) => void }[] = []

  constructor(rate: number, total: number, task: (index: number, at: number, lateMs: number) => void) {
    this.#gapMs = 1000 / rate
    this.#total = total
    this.#task = task
  }

  /** Calls `task` once, `afterMs` after the start. */
  at(afterMs: number, task: (at: number) => void): void {
    this.#marks.push({ afterMs, task })
  }

  /** @throws what the task throws */
  async run(): Promise<void> {
    const start = performance.now()
    for (let index = 0; index < this.#total; ) {
      const now = performance.now()
      while (this.#marks[0] !== undefined && now - start >= this.#marks[0].afterMs) this.#marks.shift()?.task(now)
      for (
        let due = start + index * this.#gapMs;
        index < this.#total && due <= now;
        due = start + index * this.#gapMs
      ) {
        const at = performance.now()
        this.#task(index++, at, at - due)
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS))
    }
  }
}
