import type { Random } from '../support/random.ts'

/** Where everything is copied from; its files never change, so what each copy must give is known beforehand. */
export const SOURCE = 'source'
export const DESTINATIONS = ['dest-a', 'dest-b'] as const
export const INBOX = 'inbox'

/** A file of the source collection. */
export interface SourceFile {
  readonly path: string
  readonly bytes: Buffer
  readonly sha256: string
  readonly revision: string
}

/** One copy that a request asks for, and how it must end. */
export interface Copy {
  readonly source: string
  readonly collection: string
  readonly path: string
  readonly ends: 'done' | 'failed' | 'evicted'
}

/** One request that submits a job. `key`: its Idempotency-Key; `label` names it among the server's jobs (Apollo has none). */
export interface Plan {
  readonly label: string | null
  readonly dialect: 'v1' | 'apollo'
  readonly path: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly key: string | null
  readonly copies: readonly Copy[]
}

const FOLDERS = 10
const SHARED_PATHS = 200
const WIDE_PATHS = 3000

/** The paths of the source collection: ten folders of thirty files, and thirty at the top, since Apollo copies keep the name. */
export const SOURCE_PATHS: readonly string[] = [
  ...Array.from({ length: 300 }, (_, n) => `part-${n % FOLDERS}/f${String(n).padStart(3, '0')}.bin`),
  ...Array.from({ length: 30 }, (_, n) => `top-${String(n).padStart(2, '0')}.bin`),
].toSorted()
const TOP = SOURCE_PATHS.filter(path => !path.includes('/'))

/** Makes the n-th request: of a random form, mostly onto destinations that others write too. */
export function makePlan(random: Random, n: number, files: ReadonlyMap<string, SourceFile>): Plan {
  const label = `plan-${n}`
  const key = random.chance(0.8) ? `key-${n}` : null
  switch (random.between(0, 5)) {
    case 0:
    case 1:
      return jsonPlan(random, label, key, files)
    case 2:
      return selectPlan(random, label, key)
    case 3:
    case 4:
      return manifestPlan(random, label, key)
    default:
      return apolloPlan(random)
  }
}

/** Items in a JSON body, now and then with a missing source or a stale condition. */
function jsonPlan(random: Random, label: string, key: string | null, files: ReadonlyMap<string, SourceFile>): Plan {
  const copies = Array.from({ length: random.between(1, 300) }, (): Copy => {
    const ends = random.chance(0.03) ? 'failed' : random.chance(0.03) ? 'evicted' : 'done'
    return {
      source: ends === 'failed' ? 'part-0/missing.bin' : random.pick(SOURCE_PATHS),
      collection: random.pick(DESTINATIONS),
      path: sharedPath(random),
      ends,
    }
  })
  const items = copies.map(copy => {
    const revision = copy.ends === 'evicted' ? '0'.repeat(32) : random.chance(0.3) ? files.get(copy.source)?.revision : undefined
    return {
      source: { collection: SOURCE, path: copy.source, ...(revision === undefined ? {} : { ifMatch: revision }) },
      destination: { collection: copy.collection, path: copy.path },
    }
  })
  const body = JSON.stringify({ kind: 'copy', label, priority: random.between(1, 9), items })
  return { label, dialect: 'v1', path: '/v1/jobs', body, headers: { 'content-type': 'application/json' }, key, copies }
}

/** A prefix or a glob that the server resolves, in path order. */
function selectPlan(random: Random, label: string, key: string | null): Plan {
  const collection = random.pick(DESTINATIONS)
  const target = `sel-${random.between(0, 2)}/`
  const digit = String(random.between(0, 9))
  const choices = [
    { prefix: '', glob: undefined, matches: () => true },
    { prefix: `part-${digit}/`, glob: undefined, matches: (path: string) => path.startsWith(`part-${digit}/`) },
    { prefix: '', glob: `**/*${digit}.bin`, matches: (path: string) => path.endsWith(`${digit}.bin`) },
  ]
  const choice = random.pick(choices)
  const copies = SOURCE_PATHS.filter(choice.matches).map((path): Copy => ({
    source: path,
    collection,
    path: target + path.slice(choice.prefix.length),
    ends: 'done',
  }))
  const source = { collection: SOURCE, prefix: choice.prefix, ...(choice.glob === undefined ? {} : { glob: choice.glob }) }
  const body = JSON.stringify({ kind: 'copy', label, select: [{ source, destination: { collection, prefix: target } }] })
  return { label, dialect: 'v1', path: '/v1/jobs', body, headers: { 'content-type': 'application/json' }, key, copies }
}

/** A manifest of some chunks: either onto few destinations, several times each, or onto thousands in path order. */
function manifestPlan(random: Random, label: string, key: string | null): Plan {
  const collection = random.pick(DESTINATIONS)
  const wide = random.chance(0.7)
  // items onto the same path are applied one by one: fewer of them take as long
  const copies = Array.from({ length: wide ? random.between(500, WIDE_PATHS) : random.between(100, 800) }, (_, n): Copy => ({
    source: random.pick(SOURCE_PATHS),
    collection,
    path: wide ? `wide/${String(n).padStart(5, '0')}.bin` : sharedPath(random),
    ends: 'done',
  }))
  const csv = random.chance(0.3)
  const body = csv
    ? csvManifest(copies)
    : copies
        .map(
          copy => `${JSON.stringify({ source: { collection: SOURCE, path: copy.source }, destination: { collection: copy.collection, path: copy.path } })}\n`,
        )
        .join('')
  return {
    label,
    dialect: 'v1',
    path: `/v1/jobs?kind=copy&label=${label}`,
    body,
    headers: { 'content-type': csv ? 'text/csv' : 'application/x-ndjson' },
    key,
    copies,
  }
}

function csvManifest(copies: readonly Copy[]): string {
  const lines = copies.map(copy => `${SOURCE},${copy.source},${copy.collection},${copy.path},,`)
  return ['sourceCollection,sourcePath,destinationCollection,destinationPath,sourceIfMatch,destinationIfMatch', ...lines, ''].join('\r\n')
}

/** Apollo has no keys: a lost answer leaves open whether the request was taken, and it must not be sent again. */
function apolloPlan(random: Random): Plan {
  const copies = Array.from({ length: random.between(1, 50) }, (): Copy => {
    const path = random.pick(TOP)
    return { source: path, collection: random.pick(DESTINATIONS), path, ends: 'done' }
  })
  const body = JSON.stringify({
    copyFileCollectionData: copies.map(copy => ({ sourceCollectionId: SOURCE, destinationCollectionId: copy.collection, fileName: copy.source })),
  })
  return { label: null, dialect: 'apollo', path: '/apollo/files/copy', body, headers: { 'content-type': 'application/json' }, key: null, copies }
}

function sharedPath(random: Random): string {
  return `shared/${String(random.between(0, SHARED_PATHS - 1)).padStart(3, '0')}.bin`
}
