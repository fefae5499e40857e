/** The folder a path lies in ('' at the root), written as the index below knows it. */
const PARENT = `rtrim(rtrim(path, replace(path, '/', '')), '/')`

/** A new entity id in SQL alone: a UUID v7 (RFC 9562). */
const ENTITY = `unhex(printf('%012x', CAST(unixepoch('subsec') * 1000 AS INTEGER)) || '7' || substr(hex(randomblob(2)), 2) || '8' || substr(hex(randomblob(8)), 2))`

const NOW = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`

const CONTENT = 'entity, version, revision, kind, deleted, size, digest, media_type, fields, created_at, modified_at, modified_by'

/**
 * Addressable collections (docs/decisions/0013-addressable-collections.md): their keys are negative, so that the indexes over their entries are partial and
 * cost the other collections nothing. Those that are there already, by their ids, get such keys, and the folders that their entries lie in.
 */
export const addressableCollections = `
PRAGMA defer_foreign_keys = ON;
CREATE TEMP TABLE rekeyed AS SELECT key FROM collection WHERE instr(id, '/') OR instr(id, '.');
UPDATE collection SET key = -key WHERE key IN (SELECT key FROM rekeyed);
UPDATE access_grant SET collection = -collection WHERE collection IN (SELECT key FROM rekeyed);
UPDATE lock SET collection = -collection WHERE collection IN (SELECT key FROM rekeyed);
UPDATE entry SET collection = -collection WHERE collection IN (SELECT key FROM rekeyed);
UPDATE history SET collection = -collection WHERE collection IN (SELECT key FROM rekeyed);
UPDATE job_collection SET collection = -collection WHERE collection IN (SELECT key FROM rekeyed);
UPDATE selection SET src_collection = -src_collection WHERE src_collection IN (SELECT key FROM rekeyed);
UPDATE selection SET dst_collection = -dst_collection WHERE dst_collection IN (SELECT key FROM rekeyed);
UPDATE item SET src_collection = -src_collection WHERE src_collection IN (SELECT key FROM rekeyed);
UPDATE item SET dst_collection = -dst_collection WHERE dst_collection IN (SELECT key FROM rekeyed);
DROP TABLE rekeyed;

CREATE INDEX entry_by_entity ON entry (entity) WHERE collection < 0;
CREATE INDEX entry_by_revision ON entry (revision) WHERE collection < 0;
CREATE INDEX history_by_revision ON history (revision) WHERE collection < 0;
CREATE INDEX entry_children ON entry (collection, ${PARENT}, path) WHERE collection < 0 AND deleted = 0;

-- a file that has entries beneath it, as it could before, stays what it is
CREATE TEMP TABLE folder AS
  WITH RECURSIVE up (collection, path) AS (
    SELECT collection, ${PARENT} FROM entry WHERE collection < 0 AND deleted = 0
    UNION SELECT collection, ${PARENT} FROM up)
  SELECT up.collection, up.path, coalesce(e.version, 0) + 1 AS version, c.created_by FROM up CROSS JOIN collection c ON c.key = up.collection
    LEFT JOIN entry e ON e.collection = up.collection AND e.path = up.path WHERE up.path <> '' AND e.deleted IS NOT 0;
INSERT INTO history (collection, path, ${CONTENT})
  SELECT collection, path, ${CONTENT} FROM entry WHERE (collection, path) IN (SELECT collection, path FROM folder);
DELETE FROM entry WHERE (collection, path) IN (SELECT collection, path FROM folder);
INSERT INTO entry (collection, path, ${CONTENT})
  SELECT collection, path, ${ENTITY}, version, randomblob(16), 1, 0, 0, NULL, 'application/octet-stream', NULL, ${NOW}, ${NOW}, created_by FROM folder;
DROP TABLE folder;
`
