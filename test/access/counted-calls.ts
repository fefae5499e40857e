import { setTimeout } from 'node:timers/promises'
import { isInRequest } from '../support/contract/watch-servers.ts'
import type { Ledger } from '../../src/ports/ledger.ts'

/** Resolves when the server works on no job, and no event: nothing changes then but by calls. */
export async function atRest(ledger: Ledger): Promise<void> {
  while ((await ledger.unfinished(0, 1)).length > 0) await setTimeout(10)
  // what happened is on its way to the webhooks until it is spread over them
  for (let more = true; more;) more = (await ledger.webhooks.spread(1000)).more
}

/** The names of the ledger's methods that requests call while `work` runs, in order: what a caller could tell by the time an answer takes. */
export async function countedCalls(ledger: Ledger, work: () => Promise<unknown>): Promise<string[]> {
  const calls: string[] = []
  const own = ledger as unknown as Record<string, unknown>
  const wrapped = methodsOf(ledger)
  for (const name of wrapped) {
    const method = own[name] as (...given: unknown[]) => unknown
    own[name] = (...given: unknown[]) => {
      if (isInRequest()) calls.push(name)
      return method.apply(ledger, given)
    }
  }
  try {
    await work()
  } finally {
    // the methods of the class show through again
    for (const name of wrapped) Reflect.deleteProperty(own, name)
  }
  return calls
}

function methodsOf(ledger: Ledger): string[] {
  const names = new Set<string>()
  for (let one: unknown = Object.getPrototypeOf(ledger); one !== Object.prototype; one = Object.getPrototypeOf(one)) {
    for (const name of Object.getOwnPropertyNames(one)) if (name !== 'constructor') names.add(name)
  }
  return [...names].filter(name => typeof (ledger as unknown as Record<string, unknown>)[name] === 'function')
}
