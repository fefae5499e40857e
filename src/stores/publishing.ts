/**
 * Keeps the publication of a blob and its deletion apart, within this process: whether a blob is old enough is asked of a service first and the blob is
 * deleted afterwards, and a put of the same bytes must not fall between the two.
 */
export class Publishing {
  readonly #puts = new Map<string, number>()
  readonly #deletions = new Map<string, Promise<void>>()

  /** Publishes a blob, after the deletion of the same bytes that runs just now. Any number of puts run at once. */
  async put<T>(sha256: string, publish: () => Promise<T>): Promise<T> {
    for (let running = this.#deletions.get(sha256); running !== undefined; running = this.#deletions.get(sha256)) await running
    this.#puts.set(sha256, (this.#puts.get(sha256) ?? 0) + 1)
    try {
      return await publish()
    } finally {
      const left = (this.#puts.get(sha256) ?? 1) - 1
      if (left === 0) this.#puts.delete(sha256)
      else this.#puts.set(sha256, left)
    }
  }

  /** Deletes, unless a put of the same bytes runs just now: then false, for that put renews the blob. */
  async delete(sha256: string, remove: () => Promise<boolean>): Promise<boolean> {
    for (let running = this.#deletions.get(sha256); running !== undefined; running = this.#deletions.get(sha256)) await running
    if (this.#puts.has(sha256)) return false
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#deletions.set(sha256, promise)
    try {
      return await remove()
    } finally {
      this.#deletions.delete(sha256)
      resolve()
    }
  }
}
