import { SET_CONTENT } from '../shared/entry-columns.ts'

/** Makes an insert into entry a new version of what is there: the caller has put the version before into history. */
export const REPLACE_ENTRY = `ON CONFLICT (collection, path) DO UPDATE SET ${SET_CONTENT}`

const TIME_AND_CHANCE = 'CAST(:newEntity || randomblob(7) AS BLOB)'

/** One more entity id. Parameter: newEntity, the prefix (shared/codec.ts). */
export const NEW_ENTITY = TIME_AND_CHANCE

/**
 * In SQL: one more revision, made as entity ids are. They begin with the time, so that those of a chunk stand together in the index of revisions: random ones
 * touched as many pages of it as a chunk has items, and made up most of what an update wrote to the disk. Parameter: newEntity.
 */
export const NEW_REVISION = TIME_AND_CHANCE
