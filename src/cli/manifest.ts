import { openAsBlob } from 'node:fs'
import { access, constants } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createInterface } from 'node:readline'
import type { Body } from '../client/index.ts'
import { WaybillError } from '../model/errors.ts'
import type { SubmitItem } from '../model/job.ts'
import { type Destination, isDirectory, type Source, STANDARD_STREAM } from './place.ts'

type Manifest = Extract<Source, { readonly kind: 'manifest' }>

/** A manifest's bytes, from a file (its length known, so that it can be sent again) or from standard input. */
export async function openManifest(manifest: Manifest): Promise<Body> {
  if (manifest.file === STANDARD_STREAM) return toWeb(process.stdin)
  await access(manifest.file, constants.R_OK) // for a clear error: openAsBlob does not say which file, or why
  return openAsBlob(manifest.file)
}

/** The same with a destination for each item that names none. Only NDJSON can leave it out: a CSV manifest has a column for it. */
export async function openManifestFor(manifest: Manifest, destination: Destination): Promise<Body> {
  if (manifest.format === 'csv') throw new WaybillError('invalid_request', 'a CSV manifest names its destinations itself; leave DST away')
  if (!isDirectory(destination)) {
    throw new WaybillError(
      'invalid_request',
      `a manifest is many files, so ${destination.collection}:${destination.path ?? ''} must end with "/" (or have no path)`,
    )
  }
  const body = await openManifest(manifest)
  return toWeb(Readable.from(completed(body, destination)))
}

/** Lines that the server would refuse anyway go through as they are: its answer names line and column. */
async function* completed(body: Body, destination: Destination): AsyncGenerator<Buffer, void, undefined> {
  const input = Readable.fromWeb((body instanceof Blob ? body.stream() : body) as Parameters<typeof Readable.fromWeb>[0])
  for await (const line of createInterface({ input, crlfDelay: Infinity })) yield Buffer.from(`${withDestination(line, destination)}\n`)
}

/** One line with its destination filled in (the source's whole path beneath it), or as it was when it has one or is no item. */
export function withDestination(line: string, destination: Destination): string {
  const item = parsed(line)
  if (item === null || item.destination !== undefined || typeof item.source?.path !== 'string') return line
  return JSON.stringify({ ...item, destination: { collection: destination.collection, path: (destination.path ?? '') + item.source.path } })
}

function parsed(line: string): Partial<SubmitItem> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : null
  } catch (error) {
    if (error instanceof SyntaxError) return null // the server says where it is broken
    throw error
  }
}

function toWeb(stream: Readable): Body {
  return Readable.toWeb(stream) as Body
}
