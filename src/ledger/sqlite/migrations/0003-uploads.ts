/** Uploads in parts. `version`: the entry version that completing made; its parts are gone then, and the row stays until it expires, to answer again. */
export const uploads = `
CREATE TABLE upload (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  collection INTEGER NOT NULL REFERENCES collection (key),
  path TEXT NOT NULL,
  size INTEGER NOT NULL,
  part_size INTEGER NOT NULL,
  media_type TEXT NOT NULL,
  fields TEXT,
  conditions TEXT NOT NULL,
  started_by TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  version INTEGER
) STRICT;
CREATE INDEX upload_expiring ON upload (expires_at);

CREATE TABLE upload_part (
  upload INTEGER NOT NULL REFERENCES upload (key),
  number INTEGER NOT NULL,
  size INTEGER NOT NULL,
  digest BLOB NOT NULL,
  PRIMARY KEY (upload, number)
) STRICT, WITHOUT ROWID;
`
