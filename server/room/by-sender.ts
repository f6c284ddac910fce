/** Updates that wait, merged for each who sent them. */

import type { Part } from '../log/port.ts'
import { LazyMap } from './lazy-map.ts'
import { type Fresh, Runs } from './runs.ts'

/** Who an update is from. */
export interface Sender {
  readonly author: string | null
  readonly via: string | null
}

interface Gathered extends Sender {
  readonly runs: Runs
}

export class BySender {
  readonly #gathered = new LazyMap<string, Gathered>()

  get isEmpty(): boolean {
    return this.#gathered.size === 0
  }

  /** Adds an update behind all that was added before. */
  add(fresh: Fresh, { author, via }: Sender): void {
    const key = via === null ? (author ?? '') : JSON.stringify([author, via])
    const gathered = this.#gathered.get(key) ?? { author, via, runs: new Runs() }
    this.#gathered.set(key, gathered)
    gathered.runs.add(fresh)
  }

  /** All of it, a part for each sender. */
  get parts(): Part[] {
    const parts: Part[] = []
    for (const { author, via, runs } of this.#gathered.values()) parts.push({ author, via, data: runs.encode() })
    return parts
  }

  /** All of it, a part for each sender; nothing waits any more. */
  take(): Part[] {
    const { parts } = this
    this.#gathered.clear()
    return parts
  }
}
