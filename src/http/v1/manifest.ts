import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { ManifestIntake, SubmittedJob } from '../../engine/api.ts'
import type { Caller } from '../../model/access.ts'
import { isWaybillError } from '../../model/errors.ts'
import type { JobOptions } from '../../model/job.ts'
import type { WebhookWish } from '../../model/webhook.ts'
import { bodyBytes } from '../body-bytes.ts'
import type { HttpServices } from '../services.ts'
import { csvBatches } from './csv-manifest.ts'
import type { ManifestBatch } from './manifest-batch.ts'
import { relocate } from './manifest-batch.ts'
import { ndjsonBatches } from './ndjson-manifest.ts'

export const NDJSON_TYPE = 'application/x-ndjson'
export const CSV_TYPE = 'text/csv'
export type ManifestType = typeof NDJSON_TYPE | typeof CSV_TYPE

/** A manifest that is being received. */
export interface Manifest {
  readonly options: JobOptions
  readonly type: ManifestType
  readonly body: Readable
  readonly key: string | undefined
  readonly webhook: WebhookWish | undefined
}

/**
 * Receives a manifest of any length: parsed, checked and stored batch by batch while it arrives, one batch being stored while the next is read,
 * so that memory stays flat. A wrong line, and a body that breaks off (`incomplete_body`), leave no job. The fingerprint is SHA-256 over
 * options, form and bytes; under a key that was used before the bytes are only hashed and compared.
 */
export async function receiveManifest(services: HttpServices, caller: Caller, manifest: Manifest): Promise<SubmittedJob> {
  const opened = await services.engine.jobs.openManifest(caller, manifest.options, manifest.key, manifest.webhook)
  const hash = createHash('sha256').update(JSON.stringify([manifest.options, manifest.type, ...(manifest.webhook === undefined ? [] : [manifest.webhook])]))
  if ('replay' in opened) {
    await drain(manifest.body, hash)
    return opened.replay.finish(hash.digest('hex'))
  }
  const { intake } = opened
  try {
    await appendAll(intake, batchesOf(services, manifest, hash))
    return await intake.seal(hash.digest('hex'))
  } catch (error) {
    await intake.abort()
    throw error
  }
}

function batchesOf(services: HttpServices, manifest: Manifest, hash: Hash): AsyncIterable<ManifestBatch> {
  const bytes = hashed(manifest.body, hash)
  const longest = services.limits.manifestLineBytes
  return manifest.type === NDJSON_TYPE ? ndjsonBatches(bytes, longest) : csvBatches(bytes, longest)
}

/** Stores each batch while the next one is read. */
async function appendAll(intake: ManifestIntake, batches: AsyncIterable<ManifestBatch>): Promise<void> {
  let storing: Promise<Error | undefined> = Promise.resolve(undefined)
  for await (const batch of batches) {
    const failure = await storing
    if (failure !== undefined) throw failure
    storing = store(intake, batch)
  }
  const failure = await storing
  if (failure !== undefined) throw failure
}

/** Resolves to what went wrong, if anything, so that a failure while the next batch is read is not lost. */
async function store(intake: ManifestIntake, batch: ManifestBatch): Promise<Error | undefined> {
  try {
    await intake.append(batch.items)
    return undefined
  } catch (error) {
    return isWaybillError(error) ? relocate(error, batch) : (error as Error)
  }
}

async function drain(body: Readable, hash: Hash): Promise<void> {
  for await (const _chunk of hashed(body, hash)) continue
}

/** The bytes as they come, hashed as they pass; a body that breaks off is `incomplete_body`. */
async function* hashed(body: Readable, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of bodyBytes(body, 'the manifest broke off; no job was made, send it again')) {
    hash.update(chunk)
    yield chunk
  }
}
