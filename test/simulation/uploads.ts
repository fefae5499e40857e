import { hash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Caller } from '../../src/model/access.ts'
import type { Entry } from '../../src/model/entry.ts'
import { partCount, type Upload } from '../../src/model/upload.ts'
import type { Asking, Outcome } from './asking.ts'
import type { Schedule } from './schedule.ts'
import type { SimulatedDatabase } from './simulated-ledger.ts'
import type { SimulatedBytes } from './simulated-store.ts'
import { readWritten } from './written.ts'

const ALICE: Caller = { subject: 'alice', scopes: new Set(), tokenId: 'alice' }
const COLLECTION = 'near2'
/** Clocks of servers are apart, and upkeep comes when it comes. */
const SLACK_MS = 120_000

/** An upload that was begun. Its path is its own. */
interface KnownUpload {
  readonly path: string
  readonly digest: string
  isAsked: boolean
  isDone: boolean
}

/** Uploads in parts: in any order, some parts twice, some never; completed, asked for again, given up. */
export class SimulatedUploads {
  done = 0
  readonly #all: KnownUpload[] = []
  readonly #asking: Asking
  readonly #database: SimulatedDatabase
  readonly #schedule: Schedule
  readonly #store: SimulatedBytes

  constructor(parts: { asking: Asking; database: SimulatedDatabase; schedule: Schedule; store: SimulatedBytes }) {
    this.#asking = parts.asking
    this.#database = parts.database
    this.#schedule = parts.schedule
    this.#store = parts.store
  }

  /** One upload from its beginning to its end, or until it is given up. */
  async upload(): Promise<void> {
    const { random } = this.#asking
    const bytes = random.bytes(random.between(0, 120))
    const known = { path: `uploads/${this.#all.length}`, digest: hash('sha256', bytes), isAsked: false, isDone: false }
    this.#all.push(known)
    const wish = { collection: COLLECTION, path: known.path, size: bytes.length, partSize: random.between(8, 40) }
    const begun = await this.#asking.ask(engine => engine.uploads.start(ALICE, wish))
    if (begun.is !== 'done') return
    const upload = begun.value
    const missing = await this.#sendParts(upload, bytes)
    if (missing === null || random.chance(0.15)) return
    if (random.chance(0.1)) this.#refusal(upload, await this.#asking.ask(engine => engine.uploads.abort(ALICE, upload.id)))
    else await this.#complete(known, upload, missing)
  }

  /** What was completed is there, once, with its bytes; what was not is not; what has expired is gone. */
  check(): number {
    const written = readWritten(this.#database.db)
    for (const { path, digest, isAsked, isDone } of this.#all) {
      const made = written.get(`${COLLECTION}/${path}`)
      if (isDone && made === undefined) fault(path, 'was completed and is not there')
      if (!isAsked && made !== undefined) fault(path, 'is there, and was never completed')
      if (made === undefined) continue
      if (made.versions !== 1) fault(path, `has ${made.versions} versions`)
      if (made.digest !== digest) fault(path, 'has other bytes')
      if (!this.#store.blobs.has(digest)) fault(path, 'is there without its bytes')
    }
    const late = this.#database.db.get('SELECT path FROM upload WHERE expires_at < :before LIMIT 1', { before: this.#schedule.now - SLACK_MS })
    if (late !== undefined) fault(String(late['path']), 'expired, and was not purged')
    return this.#all.length
  }

  /** True when one was left out; null when it is over before. */
  async #sendParts(upload: Upload, bytes: Buffer): Promise<boolean | null> {
    const { random } = this.#asking
    const numbers = Array.from({ length: partCount(upload) }, (_, n) => n + 1)
    let isMissing = false
    while (numbers.length > 0) {
      const [number = 0] = numbers.splice(random.between(0, numbers.length - 1), 1)
      const part = bytes.subarray((number - 1) * upload.partSize, number * upload.partSize)
      if (part.length > 0 && random.chance(0.05)) {
        isMissing = true
        continue
      }
      if (random.chance(0.2) && !(await this.#sendPart(upload, number, Buffer.from(part.map(byte => byte ^ 1))))) return null
      if (!(await this.#sendPart(upload, number, part))) return null
    }
    return isMissing
  }

  async #sendPart(upload: Upload, number: number, part: Buffer): Promise<boolean> {
    const sent = await this.#asking.insist(engine => engine.uploads.putPart(ALICE, upload.id, number, Readable.from([part])))
    if (sent.is === 'done' && sent.value.sha256 !== hash('sha256', part)) fault(upload.path, `part ${number} was taken with other bytes`)
    this.#refusal(upload, sent)
    return sent.is === 'done'
  }

  async #complete(known: KnownUpload, upload: Upload, isMissing: boolean): Promise<void> {
    known.isAsked = !isMissing
    const completed = await this.#asking.insist(engine => engine.uploads.complete(ALICE, upload.id))
    if (isMissing && completed.is === 'refused' && completed.code === 'invalid_request') return
    this.#refusal(upload, completed)
    if (completed.is !== 'done') return
    if (isMissing) fault(known.path, 'was completed without one of its parts')
    const { digest, path }: Entry = completed.value
    if (digest !== known.digest || path !== known.path) fault(known.path, 'was completed with other bytes, or elsewhere')
    known.isDone = true
    this.done += 1
  }

  /** It may have expired; and a disk may have forgotten a part. */
  #refusal(upload: Upload, outcome: Outcome<unknown>): void {
    if (outcome.is !== 'refused' || outcome.code === 'digest_mismatch') return
    if (outcome.code === 'upload_not_found' && this.#schedule.now > upload.expiresAt - SLACK_MS) return
    fault(upload.path, `was refused: ${outcome.code}`)
  }
}

function fault(path: string, what: string): never {
  throw new Error(`upload: ${path} ${what}`)
}
