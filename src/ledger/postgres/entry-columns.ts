import { SET_CONTENT } from '../shared/entry-columns.ts'

/** Makes an insert into entry a new version of what is there, if that is still the one before: the caller has put it into history. */
export const REPLACE_ENTRY = `ON CONFLICT (collection, path) DO UPDATE SET ${SET_CONTENT}
  WHERE entry.version = excluded.version - 1`

/** Of a random UUID the last seven bytes are taken, which are all random. */
const TIME_AND_CHANCE = `encode(overlay(uuid_send(gen_random_uuid()) placing :newEntity::bytea from 1 for 9), 'hex')::uuid`

/** One more entity id. Parameter: newEntity, the prefix (shared/codec.ts). */
export const NEW_ENTITY = TIME_AND_CHANCE

/** One more revision, made as entity ids are: they begin with the time, so that those of a chunk stand together in the index of revisions. Parameter: newEntity. */
export const NEW_REVISION = TIME_AND_CHANCE
