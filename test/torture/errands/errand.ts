import type { Http } from '../../support/http.ts'
import type { Book } from '../book.ts'
import { Desk, isGone } from './desk.ts'

/** Something that is done in several steps, on paths of its own. A step that broke off is done again: it is written so that this comes to the same. */
export interface Errand {
  readonly name: string
  readonly steps: readonly ((desk: Desk) => Promise<void>)[]
  /** The step that is next. */
  at: number
  readonly faults: string[]
}

export function errand(name: string, ...steps: Errand['steps']): Errand {
  return { name, steps, at: 0, faults: [] }
}

/** Goes on with an errand. False: the server is gone. */
export async function goOn(one: Errand, http: Http, { tally, mayBeAway }: Book, stop?: AbortSignal): Promise<boolean> {
  const desk = new Desk(http, tally, mayBeAway)
  try {
    for (let step = one.steps[one.at]; step !== undefined && stop?.aborted !== true; step = one.steps[one.at]) {
      await step(desk)
      one.at += 1
    }
  } catch (error) {
    if (isGone(error)) return false
    one.faults.push(`the errand ${one.name}, step ${one.at}: ${error instanceof Error ? error.message : String(error)}`)
    one.at = one.steps.length
  } finally {
    one.faults.push(...desk.faults.map(fault => `${fault} (errand ${one.name}, step ${one.at})`))
  }
  return true
}

export function isOver({ at, steps }: Errand): boolean {
  return at >= steps.length
}
