import type { Entry, Fields } from '../../model/entry.ts'
import type { Collection } from '../../model/collection.ts'
import { fileIdOf, rootIdOf } from './ids.ts'
import { PREFIX, nameOf, timeWords } from './words.ts'

/** A file or folder, key for key as documented. `parent` is null when its folder could not be found any more. */
export interface FileObject {
  readonly href: string
  readonly id: string
  readonly name: string
  readonly size: number
  readonly project: string
  readonly parent: string | null
  readonly type: 'file' | 'folder'
  readonly created_on: string
  readonly modified_on: string
  readonly storage: { readonly type: 'PLATFORM' }
  readonly origin: Readonly<Record<string, string>>
  readonly tags: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
}

/** The URL of a file. `base` is that of the server (http/base-url.ts). */
export function fileHref(base: string, fileId: string): string {
  return `${base}${PREFIX}/files/${encodeURIComponent(fileId)}`
}

/** An entry in the dialect's words. Tags, metadata and origin are the entry's fields of these names, as far as they have the dialect's types. */
export function fileObject(entry: Entry, parent: string | null, base: string): FileObject {
  const id = fileIdOf(entry.entityId)
  return {
    href: fileHref(base, id),
    id,
    name: nameOf(entry.path),
    size: entry.size,
    project: entry.collection,
    parent,
    type: entry.kind === 'folder' ? 'folder' : 'file',
    created_on: timeWords(entry.createdAt),
    modified_on: timeWords(entry.modifiedAt),
    storage: { type: 'PLATFORM' },
    origin: textsOf(entry.fields.origin),
    tags: tagsOf(entry.fields),
    metadata: textsOf(entry.fields.metadata),
  }
}

/** The root folder of a project, which is no entry: its name is the project's. */
export function rootObject(project: Collection, base: string): FileObject {
  const id = rootIdOf(project.id)
  return {
    href: fileHref(base, id),
    id,
    name: project.name,
    size: 0,
    project: project.id,
    parent: null,
    type: 'folder',
    created_on: timeWords(project.createdAt),
    modified_on: timeWords(project.modifiedAt),
    storage: { type: 'PLATFORM' },
    origin: {},
    tags: [],
    metadata: {},
  }
}

/** The tags among an entry's fields. */
export function tagsOf({ tags }: Fields): string[] {
  return Array.isArray(tags) ? tags.filter(tag => typeof tag === 'string') : []
}

/** The members of a field that are text, numbers and truth values being written out: metadata are strings here. */
export function textsOf(field: unknown): Record<string, string> {
  if (typeof field !== 'object' || field === null || Array.isArray(field)) return {}
  const texts: Record<string, string> = {}
  for (const [key, value] of Object.entries(field) as [string, unknown][]) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') texts[key] = String(value)
  }
  return texts
}
