import type { Errand } from './errands/errand.ts'
import type { Expiring } from './errands/project.ts'
import type { Plan, SourceFile } from './plan.ts'
import { Tally } from './tally.ts'
import type { UpdatePlan } from './update-plan.ts'

/** One request and what is known of it. `lost`: no answer came, so the server may or may not have taken it. `gone`: it did not. */
export interface Sent {
  readonly plan: Plan
  state: 'acknowledged' | 'lost' | 'gone'
  job: string | null
  /** At least one of its answers never came. */
  answerLost: boolean
  /** Its job was found finished with every item as planned; later looks only compare. */
  verified: boolean
}

/** One tracked update and what is known of it; `id` is its tracking id, `verified` that its job was found. */
export interface Update {
  readonly plan: UpdatePlan
  state: 'acknowledged' | 'lost' | 'gone'
  id: string | null
  job: string | null
  verified: boolean
}

/** One upload; with `acknowledged` false it may be there, whole, or not at all. */
export interface Upload {
  readonly path: string
  readonly sha256: string
  acknowledged: boolean
  checked: boolean
}

/** What a destination must hold: as many versions as copies were applied to it, the bytes of one of its sources. */
export interface Expected {
  versions: number
  readonly digests: Set<string>
}

/** Everything that was asked of the server and answered by it, across all its lives. */
export class Book {
  readonly files: ReadonlyMap<string, SourceFile>
  readonly sent: Sent[] = []
  readonly uploads: Upload[] = []
  readonly updates: Update[] = []
  /** By collection and path, as one string. */
  readonly expected = new Map<string, Expected>()
  /** By path of an infoton: the values that updates gave it. */
  readonly values = new Map<string, string[]>()
  readonly errands: Errand[] = []
  readonly expiring: Expiring[] = []
  /** When the jobs were listed last (epoch ms). */
  listedAt = 0
  /** What was checked so far. */
  readonly tally = new Tally()
  /** Answers that no request of ours may get, found while the load ran. */
  readonly faults: string[] = []

  /** True where a living server may be without its ledger for a while. */
  readonly mayBeAway: boolean

  constructor(files: ReadonlyMap<string, SourceFile>, mayBeAway: boolean) {
    this.files = files
    this.mayBeAway = mayBeAway
  }

  /** Notes a request that is about to be sent. */
  send(plan: Plan): Sent {
    const sent: Sent = { plan, state: 'lost', job: null, answerLost: false, verified: false }
    this.sent.push(sent)
    return sent
  }

  /** Notes the job that a request was answered with. A second, different job for one request breaks I5. */
  acknowledge(sent: Sent, job: string): void {
    if (sent.job !== null) this.tally.count('I5')
    if (sent.job !== null && sent.job !== job)
      this.faults.push(`I5: ${sent.plan.label ?? sent.plan.dialect} with one key became two jobs, ${sent.job} and ${job}`)
    sent.job = job
    sent.state = 'acknowledged'
  }

  /** Counts the copies of a finished job as applied. */
  copied(plan: Plan): void {
    for (const copy of plan.copies) {
      if (copy.ends !== 'done') continue
      const place = `${copy.collection}/${copy.path}`
      const expected = this.expected.get(place) ?? { versions: 0, digests: new Set<string>() }
      expected.versions += 1
      expected.digests.add((this.files.get(copy.source) as SourceFile).sha256)
      this.expected.set(place, expected)
    }
  }

  /** Notes an update that is about to be sent. */
  update(plan: UpdatePlan): Update {
    const update: Update = { plan, state: 'lost', id: null, job: null, verified: false }
    this.updates.push(update)
    return update
  }

  /** Notes what an update that was taken has written. */
  applied({ plan }: Update): void {
    for (const { path, ends } of plan.writes) if (ends === 'Done') this.values.set(path, [...(this.values.get(path) ?? []), plan.value])
  }
}
