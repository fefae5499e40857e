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
] as const

export const CONTENT = NAMES.join(', ')

/** The same columns of a table or alias. */
export function contentOf(alias: string): string {
  return NAMES.map(name => `${alias}.${name}`).join(', ')
}

/** Makes an insert into entry a new version of what is there: the caller has put the version before into history. */
export const REPLACE_ENTRY = `ON CONFLICT (collection, path) DO UPDATE SET ${NAMES.map(name => `${name} = excluded.${name}`).join(', ')}`

/** One more entity id. Parameter: newEntity, the prefix (shared/codec.ts). */
export const NEW_ENTITY = 'CAST(:newEntity || randomblob(7) AS BLOB)'
