/**
 * Attached collections, as SQLite's ledger has them with its eighth schema (src/ledger/sqlite/migrations/0008-places.ts): stamps of files in places, editions of
 * what is known of them, how far a place was looked through for a selection, and the files that leased chunks publish or remove.
 */
export const places = `
ALTER TABLE collection ADD COLUMN attached smallint NOT NULL DEFAULT 0;
ALTER TABLE collection ADD COLUMN edition bigint NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX collection_by_place ON collection (store) WHERE attached = 1 AND deleted_at IS NULL;
ALTER TABLE entry ADD COLUMN stamp text;
ALTER TABLE history ADD COLUMN stamp text;
ALTER TABLE selection ADD COLUMN looked smallint NOT NULL DEFAULT 0;
ALTER TABLE selection ADD COLUMN look_cursor text NOT NULL DEFAULT '';

CREATE TABLE intent (
  job bigint NOT NULL,
  seq bigint NOT NULL,
  mark text NOT NULL,
  src_collection integer NOT NULL,
  src_path text COLLATE "C" NOT NULL,
  src_entity uuid,
  src_version integer,
  src_revision uuid,
  t_collection integer NOT NULL,
  t_path text COLLATE "C" NOT NULL,
  kind smallint NOT NULL,
  deleted smallint NOT NULL,
  size bigint NOT NULL,
  digest bytea,
  media_type text NOT NULL,
  fields text,
  PRIMARY KEY (job, seq)
);
CREATE INDEX intent_by_path ON intent (t_collection, t_path);
`
