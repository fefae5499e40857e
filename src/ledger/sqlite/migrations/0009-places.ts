/**
 * Attached collections (docs/decisions/0035-places-are-mirrored.md): `stamp` tells the bytes of a file in a place from others, `edition` grows with what is known of
 * the files. `look_cursor`: how far the place was looked through for a selection. An intent is a file that a leased chunk publishes or removes, and the version that
 * it becomes (0036): columns as of the plan.
 */
export const places = `
ALTER TABLE collection ADD COLUMN attached INTEGER NOT NULL DEFAULT 0;
ALTER TABLE collection ADD COLUMN edition INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX collection_by_place ON collection (store) WHERE attached = 1 AND deleted_at IS NULL;
ALTER TABLE entry ADD COLUMN stamp TEXT;
ALTER TABLE history ADD COLUMN stamp TEXT;
ALTER TABLE selection ADD COLUMN looked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE selection ADD COLUMN look_cursor TEXT NOT NULL DEFAULT '';

CREATE TABLE intent (
  job INTEGER NOT NULL REFERENCES job (key),
  seq INTEGER NOT NULL,
  mark TEXT NOT NULL,
  src_collection INTEGER NOT NULL,
  src_path TEXT NOT NULL,
  src_entity BLOB,
  src_version INTEGER,
  src_revision BLOB,
  t_collection INTEGER NOT NULL,
  t_path TEXT NOT NULL,
  kind INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  size INTEGER NOT NULL,
  digest BLOB,
  media_type TEXT NOT NULL,
  fields TEXT,
  PRIMARY KEY (job, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX intent_by_path ON intent (t_collection, t_path);
`
