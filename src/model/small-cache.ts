/** Most values kept at once. */
const MOST = 64

/**
 * Values for whoever asks for the same ones again and again. Few, so that what is asked for once fills no memory; and begun anew when there would be too many, not
 * emptied: the tables of an emptied map hold on to those after them, and all that they hold grows old (docs/decisions/0061-small-caches-are-begun-anew.md).
 */
export class SmallCache<V> {
  #values = new Map<string, V>()

  get(key: string): V | undefined {
    return this.#values.get(key)
  }

  set(key: string, value: V): void {
    if (this.#values.size >= MOST) this.clear()
    this.#values.set(key, value)
  }

  clear(): void {
    this.#values = new Map()
  }
}
