/**
 * A map that takes its room when something is put into it, and gives it back with the last entry: an empty `Map` takes
 * 200 bytes, and most rooms of an idle service have half a dozen of them that hold nothing.
 */
export class LazyMap<K, V> implements Iterable<[K, V]> {
  #map: Map<K, V> | null = null

  get size(): number {
    return this.#map?.size ?? 0
  }

  get(key: K): V | undefined {
    return this.#map?.get(key)
  }

  has(key: K): boolean {
    return this.#map?.has(key) === true
  }

  set(key: K, value: V): this {
    this.#map ??= new Map()
    this.#map.set(key, value)
    return this
  }

  delete(key: K): boolean {
    const wasThere = this.#map?.delete(key) === true
    if (wasThere && this.#map?.size === 0) this.#map = null
    return wasThere
  }

  clear(): void {
    this.#map = null
  }

  values(): Iterable<V> {
    return this.#map?.values() ?? []
  }

  [Symbol.iterator](): Iterator<[K, V]> {
    return (this.#map ?? NOTHING)[Symbol.iterator]() as Iterator<[K, V]>
  }
}

const NOTHING: readonly never[] = []
