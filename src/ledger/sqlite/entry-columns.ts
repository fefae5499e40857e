/** The columns of an entry's content, in the order of both tables (entry, history) after their keys. */
const NAMES = [
  'entity',
  'version',
  'revision',
  'kind',
  'deleted',
  'size',
  'digest',
  'media_type',
  'fields',
  'created_at',
  'modified_at',
  'modified_by',
  'stamp',
] as const

export const CONTENT = NAMES.join(', ')

/** The same columns of a table or alias. */
export function contentOf(alias: string): string {
  return NAMES.map(name => `${alias}.${name}`).join(', ')
}

/** Makes an insert into entry a new version of what is there: the caller has put the version before into history. */
export const REPLACE_ENTRY = `ON CONFLICT (collection, path) DO UPDATE SET ${NAMES.map(name => `${name} = excluded.${name}`).join(', ')}`

const TIME_AND_CHANCE = 'CAST(:newEntity || randomblob(7) AS BLOB)'

/** One more entity id. Parameter: newEntity, the prefix (shared/codec.ts). */
export const NEW_ENTITY = TIME_AND_CHANCE

/**
 * In SQL: one more revision, made as entity ids are. They begin with the time, so that those of a chunk stand together in the index of revisions: random ones
 * touched as many pages of it as a chunk has items, and made up most of what an update wrote to the disk. Parameter: newEntity.
 */
export const NEW_REVISION = TIME_AND_CHANCE
