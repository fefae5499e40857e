/**
 * Memory for parts under way, used again and again: to allocate megabytes for every part costs more time (pages that the system must clear, collections that
 * they bring about) than to hash them. Nothing is kept when no part is under way.
 */
export class PartBuffers {
  readonly #free: Buffer[] = []
  #used = 0

  /** So many bytes, with anything in them. */
  take(bytes: number): Buffer {
    this.#used += 1
    const at = this.#free.findIndex(buffer => buffer.byteLength === bytes)
    return (at < 0 ? undefined : this.#free.splice(at, 1)[0]) ?? Buffer.allocUnsafeSlow(bytes)
  }

  giveBack(buffer: Buffer): void {
    this.#used -= 1
    this.#free.push(buffer)
    if (this.#used === 0) this.#free.length = 0
  }
}
