/**
 * What is purged when nobody can reach it any more (docs/decisions/0059-what-deleted-collections-leave.md). `purging`: 1 while something of a deleted collection may be
 * left to purge. Keys of collections are counted, as rows go: none is ever given twice. Jobs that were purged are in no list.
 */
export const leftovers = `
ALTER TABLE collection ADD COLUMN purging INTEGER NOT NULL DEFAULT 0;
UPDATE collection SET purging = 1 WHERE deleted_at IS NOT NULL;
CREATE INDEX collection_purging ON collection (deleted_at) WHERE purging = 1;
CREATE INDEX upload_by_collection ON upload (collection);
INSERT INTO counter (name, value) SELECT 'plain_collection', max(coalesce(max(key), 0), 0) FROM collection;
INSERT INTO counter (name, value) SELECT 'addressable_collection', max(coalesce(max(-key), 0), 0) FROM collection;

CREATE INDEX token_ended ON token (coalesce(min(revoked_at, expires_at), revoked_at, expires_at));

DROP INDEX job_by_submitter;
CREATE INDEX job_by_submitter ON job (submitted_by, key) WHERE purged = 0;
`
