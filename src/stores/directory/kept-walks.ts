import type { PlaceQuery } from '../../ports/place.ts'
import type { FolderWalk } from './folder-walk.ts'

/** Walks kept at once: each may hold the names of a large folder. */
const MOST = 8

/** Walks between two of their pages, by what is asked for next. One is given to whoever asks first; without it a page begins a walk of its own. */
export class KeptWalks {
  readonly #walks = new Map<string, FolderWalk>()

  take(query: PlaceQuery): FolderWalk | undefined {
    const key = keyOf(query)
    const walk = this.#walks.get(key)
    this.#walks.delete(key)
    return walk
  }

  keep(query: PlaceQuery, walk: FolderWalk): void {
    const key = keyOf(query)
    const other = this.#walks.get(key)
    // of two at the same point the one that began later knows more
    if (other !== undefined && other.begun > walk.begun) return
    this.#walks.set(key, walk)
    const oldest = this.#walks.keys().next()
    if (this.#walks.size > MOST && oldest.done !== true) this.#walks.delete(oldest.value)
  }
}

function keyOf({ prefix, after, delimiter }: PlaceQuery): string {
  return JSON.stringify([prefix, after, delimiter ?? ''])
}
