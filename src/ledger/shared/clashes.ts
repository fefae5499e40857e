/**
 * Finds out whether two items of a chunk touch the same path, one of them writing. Such a chunk is applied one item after the other, in order;
 * all others set-wise, which sees only what was there before the chunk.
 */
export class Clashes {
  readonly #written = new Set<string>()
  readonly #read = new Set<string>()
  found = false

  /** `sameEntry`: the item has one end. `isMove`: it writes its source, too, so that two from the same place touch each other. */
  add(srcCollection: number, srcPath: string, dstCollection: number, dstPath: string, sameEntry: boolean, isMove = false): void {
    const target = `${dstCollection}/${dstPath}`
    if (this.#written.has(target) || this.#read.has(target)) this.found = true
    if (!sameEntry) {
      const source = `${srcCollection}/${srcPath}`
      if (this.#written.has(source) || (isMove && this.#read.has(source))) this.found = true
      this.#read.add(source)
    }
    this.#written.add(target)
  }
}
