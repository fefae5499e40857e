/**
 * Jobs over entities (operations/entities.ts): what was asked for, in the order given, and how far it is resolved. Of a folder `src_` and `dst_` are its ends once
 * it was looked up; `folders` 1 once those at the destination are made; `cursor` the last path, of folders or files; `files` how many were found;
 * `clears` 1 while the emptied folder is still to be removed. An item of `entity_item` stands for an entity that could not be resolved.
 */
export const entitySelections = `
CREATE TABLE entity_selection (
  job INTEGER NOT NULL REFERENCES job (key),
  no INTEGER NOT NULL,
  entity BLOB NOT NULL,
  dst_id TEXT,
  dst_folder BLOB,
  name TEXT,
  src_collection INTEGER,
  src_path TEXT,
  dst_collection INTEGER,
  dst_path TEXT,
  folders INTEGER NOT NULL DEFAULT 0,
  cursor TEXT,
  files INTEGER NOT NULL DEFAULT 0,
  resolved INTEGER NOT NULL DEFAULT 0,
  clears INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (job, no)
) STRICT, WITHOUT ROWID;
CREATE INDEX entity_selection_open ON entity_selection (job, no) WHERE resolved = 0;
CREATE INDEX entity_selection_clearing ON entity_selection (job, src_collection, src_path) WHERE clears = 1;

CREATE TABLE entity_item (
  job INTEGER NOT NULL REFERENCES job (key),
  seq INTEGER NOT NULL,
  selection INTEGER NOT NULL,
  PRIMARY KEY (job, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX entry_folders ON entry (collection, path) WHERE collection < 0 AND deleted = 0 AND kind = 1;
`
