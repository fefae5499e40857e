import type { Random } from '../support/random.ts'

/** The domain that all updates write, which the first of them makes. */
export const DOMAIN = 'updates.org'
const FIELD = 'http://www.w3.org/2006/vcard/ns#NOTE'

const SHARED = 300
const WIDE = 3000
/** A condition that never holds. */
const STALE = '0'.repeat(32)

/** One infoton of an update, and how its part must end. */
export interface Write {
  readonly path: string
  readonly ends: 'Done' | 'Evicted'
}

/** One tracked update of many infotons: it adds one value that no other adds, so that what is lost or applied twice shows. */
export interface UpdatePlan {
  /** `actor-number`: those of one actor are sent one after the other. */
  readonly value: string
  readonly body: string
  /** The first one is of a path of the update's own. */
  readonly writes: readonly Write[]
}

/** Makes the n-th update: of few infotons that others write, too, or of thousands, so that it streams; now and then with a stale condition. */
export function makeUpdate(random: Random, n: number, actor: number): UpdatePlan {
  const value = `${actor}-${n}`
  const own: Write = { path: `own/${n}`, ends: 'Done' }
  const writes = [own, ...(random.chance(0.1) ? wide(random) : shared(random))]
  // only creation is conditional on nothing having been there
  const condition = (write: Write): string =>
    write === own ? statement(write, 'cmwell://meta/sys#prevUUID', '') : write.ends === 'Evicted' ? statement(write, 'cmwell://meta/sys#prevUUID', STALE) : ''
  return { value, writes, body: writes.map(write => condition(write) + statement(write, FIELD, value)).join('') }
}

/** The values that an entry's fields have of updates, in the order of being added. */
export function valuesOf(fields: Readonly<Record<string, unknown>>): string[] {
  const values = fields[FIELD]
  return Array.isArray(values) ? values.map(value => JSON.stringify(value).slice(1, -1)) : []
}

function shared(random: Random): Write[] {
  const paths = new Set(Array.from({ length: random.between(1, 60) }, () => `shared/${random.between(0, SHARED - 1)}`))
  return [...paths].map(path => ({ path, ends: random.chance(0.05) ? 'Evicted' : 'Done' }))
}

function wide(random: Random): Write[] {
  return Array.from({ length: random.between(1000, WIDE) }, (_, n) => ({ path: `wide/${n}`, ends: random.chance(0.01) ? 'Evicted' : 'Done' }))
}

function statement({ path }: Write, predicate: string, value: string): string {
  return `<http://${DOMAIN}/${path}> <${predicate}> "${value}" .\n`
}
