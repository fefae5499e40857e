import { roleAtLeast } from '../../model/collection.ts'
import type { CollectionView } from '../../model/collection.ts'
import { isUuid } from '../../model/text.ts'
import { tagsOf } from './file-object.ts'
import { rootIdOf } from './ids.ts'
import { PREFIX, timeWords } from './words.ts'

/** A project, key for key as documented. `billing_group` is there only when it is a UUID: anything else stops the official client. */
export interface ProjectObject {
  readonly href: string
  readonly id: string
  readonly name: string
  readonly type: 'v2'
  readonly description: string
  readonly tags: readonly string[]
  readonly settings: object
  readonly root_folder: string
  readonly category: 'PRIVATE'
  readonly created_by: string
  readonly created_on: string
  readonly modified_on: string
  readonly permissions: Readonly<Record<'read' | 'copy' | 'write' | 'execute' | 'admin', boolean>>
  readonly billing_group?: string
}

/** A collection as a project. What only this dialect knows of it are the collection's attributes of these names. */
export function projectObject(collection: CollectionView, base: string): ProjectObject {
  const { attributes, role } = collection
  const { billing_group: billing, description, settings } = attributes
  return {
    href: `${base}${PREFIX}/projects/${collection.id}`,
    id: collection.id,
    name: collection.name,
    type: 'v2',
    description: typeof description === 'string' ? description : '',
    tags: tagsOf(attributes),
    settings: typeof settings === 'object' && settings !== null ? settings : {},
    root_folder: rootIdOf(collection.id),
    category: 'PRIVATE',
    created_by: collection.createdBy,
    created_on: timeWords(collection.createdAt),
    modified_on: timeWords(collection.modifiedAt),
    // any role may read and copy; nothing is executed here
    permissions: { read: true, copy: true, write: roleAtLeast(role, 'readwrite'), execute: false, admin: roleAtLeast(role, 'admin') },
    ...(typeof billing === 'string' && isUuid(billing) ? { billing_group: billing } : {}),
  }
}
