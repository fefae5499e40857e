import { isUtf8 } from 'node:buffer'
import type { Engine } from '../../../engine/api.ts'
import type { Caller } from '../../../model/access.ts'
import type { Entry } from '../../../model/entry.ts'
import { fieldValuesOf } from '../fields.ts'
import type { Infoton, InfotonType } from './infoton.ts'
import { linkOf, ownValues, protocolOf } from './own-fields.ts'
import { infotonPath } from '../place.ts'

/** The one data centre there is. */
export const DATA_CENTER = 'lh'

const TYPES: Readonly<Record<Entry['kind'], InfotonType>> = { file: 'FileInfoton', folder: 'ObjectInfoton', object: 'ObjectInfoton', link: 'LinkInfoton' }

/** Larger files are described without their bytes, which are had by asking for the file itself. */
const MOST_CONTENT = 4 * 1024 * 1024
/** Media types whose bytes are printed as text. */
const TEXTUAL = /^(?:text\/|[^;]*(?:json|xml|javascript))/i

/** An entry as an infoton, a file without its bytes. What is stored is indexed: both times are one. */
export function infotonOf(entry: Entry): Infoton {
  const link = entry.kind === 'link' ? linkOf(entry.fields) : null
  return {
    type: entry.deleted ? 'DeletedInfoton' : TYPES[entry.kind],
    path: infotonPath(entry),
    uuid: entry.revision,
    lastModified: entry.modifiedAt,
    lastModifiedBy: entry.modifiedBy,
    dataCenter: DATA_CENTER,
    protocol: protocolOf(entry.fields),
    indexTime: entry.modifiedAt,
    fields: entry.deleted ? {} : fieldValuesOf(ownValues(entry.fields)),
    ...(entry.kind === 'file' && !entry.deleted ? { file: { mimeType: entry.mediaType, length: entry.size, data: null } } : {}),
    ...(link === null || entry.deleted ? {} : { link }),
  }
}

/** The infoton with the bytes of its file, where it is one and they are not too many. */
export async function withContent(engine: Engine, caller: Caller, entry: Entry): Promise<Infoton> {
  const infoton = infotonOf(entry)
  if (infoton.file === undefined || entry.size > MOST_CONTENT) return infoton
  const { read } = await engine.entries.open(caller, entry.collection, entry.path, entry.version)
  const chunks: Buffer[] = []
  for await (const chunk of await read()) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  const isText = TEXTUAL.test(entry.mediaType) && isUtf8(bytes)
  const data = isText ? ({ encoding: 'text', content: bytes.toString('utf8') } as const) : ({ encoding: 'base64', content: bytes.toString('base64') } as const)
  return { ...infoton, file: { ...infoton.file, data } }
}
