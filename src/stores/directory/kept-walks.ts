import type { Clock } from '../../ports/clock.ts'
import type { PlaceQuery } from '../../ports/place.ts'
import type { FolderWalk } from './folder-walk.ts'

/** Walks kept at once: each may hold the names of a large folder. */
const MOST = 8
/** Whoever asks for the next page later than this is told what is there then, and not what was: a job asks at once, a person may take a day. */
const FRESH_MS = 10_000

interface Kept {
  readonly walk: FolderWalk
  readonly at: number
}

/** Walks between two of their pages, by what is asked for next. One is given to whoever asks first; without it a page begins a walk of its own. */
export class KeptWalks {
  readonly #clock: Clock
  readonly #walks = new Map<string, Kept>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  take(query: PlaceQuery): FolderWalk | undefined {
    const key = keyOf(query)
    const kept = this.#walks.get(key)
    this.#walks.delete(key)
    return kept !== undefined && this.#clock.steady() - kept.at <= FRESH_MS ? kept.walk : undefined
  }

  keep(query: PlaceQuery, walk: FolderWalk): void {
    const key = keyOf(query)
    const other = this.#walks.get(key)?.walk
    // of two at the same point the one that began later knows more
    if (other !== undefined && other.begun > walk.begun) return
    this.#walks.set(key, { walk, at: this.#clock.steady() })
    const oldest = this.#walks.keys().next()
    if (this.#walks.size > MOST && oldest.done !== true) this.#walks.delete(oldest.value)
  }
}

function keyOf({ prefix, after, delimiter }: PlaceQuery): string {
  return JSON.stringify([prefix, after, delimiter ?? ''])
}
