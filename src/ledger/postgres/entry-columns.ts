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
  'stamp',
] as const

export const CONTENT = NAMES.join(', ')

/** The same columns of a table or alias. */
export function contentOf(alias: string): string {
  return NAMES.map(name => `${alias}.${name}`).join(', ')
}

/** Makes an insert into entry a new version of what is there, if that is still the one before: the caller has put it into history. */
export const REPLACE_ENTRY = `ON CONFLICT (collection, path) DO UPDATE SET ${NAMES.map(name => `${name} = excluded.${name}`).join(', ')}
  WHERE entry.version = excluded.version - 1`

/** Of a random UUID the last seven bytes are taken, which are all random. */
const TIME_AND_CHANCE = `encode(overlay(uuid_send(gen_random_uuid()) placing :newEntity::bytea from 1 for 9), 'hex')::uuid`

/** One more entity id. Parameter: newEntity, the prefix (shared/codec.ts). */
export const NEW_ENTITY = TIME_AND_CHANCE

/** One more revision, made as entity ids are: they begin with the time, so that those of a chunk stand together in the index of revisions. Parameter: newEntity. */
export const NEW_REVISION = TIME_AND_CHANCE
