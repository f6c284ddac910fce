/** Releases: whoever acquires pushes how to release; they run in reverse, all attempted, the first error kept. */
export class Releases {
  readonly #tasks: (() => void | Promise<void>)[] = []

  /** Adds how to release what was acquired just now. */
  push(task: () => void | Promise<void>): void {
    this.#tasks.push(task)
  }

  /** Runs all, newest first; a second call finds nothing left. @throws the first error, after all were attempted */
  async run(): Promise<void> {
    const errors: unknown[] = []
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) {
      try {
        await task()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }
}

/** Runs a start that pushes how to release what it acquires; one that fails releases what it had. @throws what `start` does */
export const releasedOnFailure = async <T>(start: (releases: Releases) => Promise<T>): Promise<T> => {
  const releases = new Releases()
  try {
    return await start(releases)
  } catch (error) {
    await releases.run()
    throw error
  }
}
