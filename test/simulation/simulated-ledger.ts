import type { Actor } from '../../src/model/audit.ts'
import { CATALOGUE } from '../../src/model/errors.ts'
import { Database, translateSqliteError } from '../../src/ledger/sqlite/database.ts'
import { operations, type OperationArgs, type OperationName, type OperationResult } from '../../src/ledger/sqlite/operations/index.ts'
import * as collections from '../../src/ledger/sqlite/reads/collections.ts'
import * as entries from '../../src/ledger/sqlite/reads/entries.ts'
import * as jobs from '../../src/ledger/sqlite/reads/jobs.ts'
import * as locks from '../../src/ledger/sqlite/reads/locks.ts'
import * as uploads from '../../src/ledger/sqlite/reads/uploads.ts'
import { Work } from '../../src/ledger/shared/work.ts'
import type { CommitNotice, Lease, Ledger } from '../../src/ports/ledger.ts'
import type { Schedule, SimulatedProcess } from './schedule.ts'
import type { WatchedWebhooks } from './simulated-webhooks.ts'

type Listener = (notice: CommitNotice) => void

/** The statements of the real ledger, on a database in memory: each operation is a transaction, as a ledger for several processes has it. */
export class SimulatedDatabase {
  readonly db = Database.openWriter(':memory:')
  /** The highest token that was given out for each chunk, and how many chunks were settled by another than their first holder. */
  readonly #tokens = new Map<string, number>()
  takeovers = 0
  #transactions = 0
  /** The jobs that the last transaction has changed. */
  #touched: ReadonlySet<string> = new Set()

  transact<N extends OperationName>(name: N, now: number, ...args: OperationArgs<N>): OperationResult<N> {
    return this.#transactBy(null, name, now, args)
  }

  #transactBy<N extends OperationName>(actor: Actor | null, name: N, now: number, args: OperationArgs<N>): OperationResult<N> {
    const operation = operations[name] as (...all: unknown[]) => OperationResult<N>
    const jobs = new Set<string>()
    this.db.begin()
    try {
      const long = this.#transactions++ % 3 === 0 // by counting: real time would make two runs of one seed differ
      const result = operation({ db: this.db, now, actor, jobs, work: new Work(), goesOn: () => long }, ...args)
      this.db.commit()
      this.#touched = jobs
      return result
    } catch (error) {
      this.db.rollback()
      throw translateSqliteError(error)
    }
  }

  #settle(lease: Lease): void {
    const present = this.#tokens.get(chunkOf(lease))
    if (present !== lease.token) throw new Error(`I7: chunk ${chunkOf(lease)} was settled under token ${lease.token}; its present one is ${String(present)}`)
    this.#tokens.delete(chunkOf(lease))
    if (lease.token > 1) this.takeovers += 1
  }

  /** One process's ledger. What the engine does not need when jobs are worked on is not there, and says so. */
  ledgerOf(process: SimulatedProcess, schedule: Schedule, options: { readonly alone: boolean; readonly webhooks: WatchedWebhooks }): Ledger {
    return this.#ledgerBy(null, new Set(), process, schedule, options)
  }

  #ledgerBy(
    actor: Actor | null,
    listeners: Set<Listener>,
    process: SimulatedProcess,
    schedule: Schedule,
    options: { readonly alone: boolean; readonly webhooks: WatchedWebhooks },
  ): Ledger {
    const clock = schedule.clock(process)
    const step = <T>(name: string, run: () => T): Promise<T> => schedule.step(process, name, run)
    const transact = <N extends OperationName>(name: N, ...args: OperationArgs<N>): OperationResult<N> => {
      const result = this.#transactBy(actor, name, clock.now(), args)
      if (this.#touched.size > 0) for (const listener of listeners) listener({ jobs: [...this.#touched], lastEvent: jobs.lastEvent(this.db) })
      return result
    }
    const write = (name: OperationName, args: readonly unknown[]): Promise<unknown> => step(name, () => transact(name, ...(args as OperationArgs<typeof name>)))
    const others = {
      by: (caller: Actor | null) => this.#ledgerBy(caller, listeners, process, schedule, options),
      sendsWakes: false,
      onCommit: (listener: Listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      onWork: () => () => undefined,
      webhooks: options.webhooks.ledgerOf(step, clock.now, () => schedule.now),
      // one of several processes leaves alone what others work on
      recover: () => (options.alone ? write('recover', []) : Promise.resolve()),
      takeTurn: (...args: OperationArgs<'takeTurn'>) =>
        step('takeTurn', () => {
          const turn = transact('takeTurn', ...args)
          if (turn.do === 'read') this.#tokens.set(chunkOf(turn.lease), turn.lease.token)
          return turn
        }),
      applyChunk: (...args: OperationArgs<'applyChunk'>) =>
        step('applyChunk', () => {
          const more = transact('applyChunk', ...args)
          this.#settle(args[0])
          return more
        }),
      purge: (batch: number) =>
        step('purge', () => {
          options.webhooks.note()
          return transact('purge', batch)
        }),
      role: (subject: string, id: string) => step('role', () => collections.role(this.db, subject, id)),
      roles: (subject: string, ids: readonly string[]) => step('roles', () => collections.roles(this.db, subject, ids)),
      administers: (subject: string, job: string) => step('administers', () => jobs.administers(this.db, subject, job)),
      touches: (job: string, collection: string) => step('touches', () => jobs.touches(this.db, job, collection)),
      entry: (collection: string, path: string, version?: number) => step('entry', () => entries.entry(this.db, collection, path, version)),
      lockAgainst: (subject: string, places: Parameters<Ledger['lockAgainst']>[1]) =>
        step('lockAgainst', () => locks.lockAgainst(this.db, subject, places, clock.now())),
      upload: (id: string) => step('upload', () => uploads.upload(this.db, id, clock.now())),
      uploadParts: (id: string, number?: number) => step('uploadParts', () => uploads.uploadParts(this.db, id, number, clock.now())),
      job: (id: string) => step('job', () => jobs.job(this.db, id, clock.now())),
      unfinished: (after: number, limit: number) => step('unfinished', () => jobs.unfinished(this.db, after, limit)),
      restoredAt: () => step('restoredAt', () => null),
      collection: (id: string) => step('collection', () => collections.collection(this.db, id)),
      referenced: (store: string, digests: readonly string[]) => step('referenced', () => entries.referenced(this.db, store, digests)),
    }
    return new Proxy(others as unknown as Ledger, {
      get: (target, name: string) => {
        if (name in target) return target[name as keyof Ledger]
        if (!(name in operations)) throw new Error(`the simulation has no ledger.${name}`)
        return (...args: readonly unknown[]) => write(name as OperationName, args)
      },
    })
  }
}

function chunkOf({ job, chunk }: Lease): string {
  return `${job}/${chunk}`
}

/** True for what a process may well hear from a ledger or a store that fails; anything else is a fault of the code. */
export function isExpected(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && code in CATALOGUE && code !== 'internal'
}
