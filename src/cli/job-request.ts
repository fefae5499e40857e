import type { JobChoices, JobRequest, ManifestRequest } from '../client/index.ts'
import { WaybillError } from '../model/errors.ts'
import type { Selection, SubmitItem } from '../model/job.ts'
import { openManifest, openManifestFor } from './manifest.ts'
import { type Destination, isDirectory, pathAt, type Source } from './place.ts'

/**
 * The request that `cp`, `mv` (with a destination) and `rm` (without) stand for. Throws `invalid_request` when source and destination do not
 * fit: many files need a destination to go beneath, and only a manifest can name destinations itself.
 */
export async function jobRequest(choices: JobChoices, source: Source, destination: Destination | null): Promise<JobRequest | ManifestRequest> {
  if (source.kind === 'manifest') {
    const manifest = await (destination === null ? openManifest(source) : openManifestFor(source, destination))
    return { ...choices, manifest, format: source.format }
  }
  if (destination === null && choices.kind !== 'delete') throw new WaybillError('invalid_request', 'DST is missing: write where to, as in archive:2026/')
  if (source.kind === 'file') return { ...choices, items: [item(source, destination)] }
  return { ...choices, select: [selection(source, destination)] }
}

function item(source: Extract<Source, { readonly kind: 'file' }>, destination: Destination | null): SubmitItem {
  const from = { collection: source.collection, path: source.path }
  if (destination === null) return { source: from }
  return { source: from, destination: { collection: destination.collection, path: pathAt(destination, source.path) } }
}

function selection(source: Extract<Source, { readonly kind: 'selection' }>, destination: Destination | null): Selection {
  const from = { collection: source.collection, prefix: source.prefix, ...(source.glob === null ? {} : { glob: source.glob }) }
  if (destination === null) return { source: from }
  if (!isDirectory(destination)) {
    const place = `${destination.collection}:${destination.path ?? ''}`
    throw new WaybillError('invalid_request', `the source is many files, so the destination must end with "/": write ${place}/ or ${destination.collection}:`)
  }
  return { source: from, destination: { collection: destination.collection, prefix: destination.path ?? source.prefix } }
}
