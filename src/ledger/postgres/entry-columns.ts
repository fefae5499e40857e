/** The columns of an entry's content, in both tables (entry, history). */
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

/** Makes an insert into entry a new version of what is there, if that is still the one before: the caller has put it into history. */
export const REPLACE_ENTRY = `ON CONFLICT (collection, path) DO UPDATE SET ${NAMES.map(name => `${name} = excluded.${name}`).join(', ')}
  WHERE entry.version = excluded.version - 1`

/** One more entity id. Parameter: newEntity, the prefix (shared/codec.ts); of a random UUID the last seven bytes are taken, which are all random. */
export const NEW_ENTITY = `encode(overlay(uuid_send(gen_random_uuid()) placing :newEntity::bytea from 1 for 9), 'hex')::uuid`
