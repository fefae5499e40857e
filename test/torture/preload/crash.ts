import fs from 'node:fs'
import fsPromises from 'node:fs/promises'
import http from 'node:http'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Kills the process that it is loaded into (`node --import`, also into each of its threads) right before or after one of its calls of the system. The product
 * knows nothing of it. What to wait for stands in the file `crash-at` of the directory in TORTURE_DIRECTORY: `after commit 3` is the third COMMIT of a thread
 * from now on. What it died of it writes into `crashed-at`.
 */

type When = 'before' | 'after'
type Anything = (this: unknown, ...args: unknown[]) => unknown

const directory = process.env['TORTURE_DIRECTORY']
if (directory === undefined) throw new Error('TORTURE_DIRECTORY must name a directory')
const order = join(directory, 'crash-at')
const { existsSync, readFileSync, writeFileSync } = fs

let armed: { when: When; what: string; left: number } | null = null

/** The order as it is now; one that was given is kept. */
function look(): typeof armed {
  if (armed === null && existsSync(order)) {
    const [when, what, count] = readFileSync(order, 'utf8').split(' ')
    armed = { when: when as When, what: what as string, left: Number(count) }
  }
  return armed
}

function pass(when: When, what: string): void {
  const target = look()
  if (target === null || target.when !== when || target.what !== what || --target.left > 0) return
  // written before the end: who finds it knows that this was the place
  writeFileSync(join(directory as string, 'crashed-at'), `${when} ${what}`)
  process.kill(process.pid, 'SIGKILL')
}

/** In place of `owner[name]`: the same, with a point before the call and one when it is over, whichever way it tells that. */
function around(owner: object, name: string, what: (args: readonly unknown[]) => string | null): void {
  const methods = owner as Record<string, Anything>
  const original = methods[name] as Anything
  const wrapped: Anything = function (...args) {
    const point = what(args)
    if (point === null) return original.apply(this, args)
    pass('before', point)
    const callback = args.at(-1)
    if (typeof callback === 'function') {
      const told = (...results: unknown[]): unknown => {
        pass('after', point)
        return (callback as Anything)(...results)
      }
      return original.apply(this, [...args.slice(0, -1), told])
    }
    const result = original.apply(this, args)
    if (result instanceof Promise) return result.finally(() => pass('after', point))
    pass('after', point)
    return result
  }
  methods[name] = Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original))
}

const always = (point: string) => (): string => point

for (const [point, names] of Object.entries({ fsync: ['fsync', 'fdatasync'], rename: ['rename'], link: ['link'], unlink: ['unlink', 'rm'] })) {
  for (const name of names) {
    around(fs, name, always(point))
    around(fs, `${name}Sync`, always(point))
    if (name in fsPromises) around(fsPromises, name, always(point))
  }
}
const handle = await fsPromises.open(import.meta.filename)
for (const name of ['sync', 'datasync']) around(Object.getPrototypeOf(handle) as object, name, always('fsync'))
await handle.close()
syncBuiltinESMExports()

around(DatabaseSync.prototype, 'exec', ([sql]) => {
  if (sql === 'COMMIT') return 'commit'
  return String(sql).startsWith('PRAGMA wal_checkpoint') ? 'checkpoint' : null
})
around(http.ServerResponse.prototype, 'end', always('answer'))

if (process.env['TORTURE_POSTGRES'] === 'yes') {
  const pg = createRequire(import.meta.url)('pg') as { Client: { prototype: object } }
  around(pg.Client.prototype, 'query', ([query]) => (query === 'COMMIT' ? 'commit' : null))
}

/** Upkeep that comes every few seconds or hours would hardly ever meet a server that lives for one: its pauses, told by their length, are shortened. */
const SHORTER: Readonly<Record<number, number>> = { 5_000: 150, 10_000: 250, 30_000: 1_000, 3_600_000: 100, 86_400_000: 400 }
const { setTimeout: setTimer } = globalThis
globalThis.setTimeout = Object.assign(
  ((task: () => void, ms?: number, ...args: []) => setTimer(task, SHORTER[ms ?? 0] ?? ms, ...args)) as typeof setTimeout,
  setTimer,
)
