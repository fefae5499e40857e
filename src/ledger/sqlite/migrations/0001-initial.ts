/**
 * The first schema. Ids that the world sees are kept as blobs (UUID 16 bytes, revision 16, SHA-256 32); collections and jobs have small integer
 * keys, so that the many rows of entries and items stay narrow. Times are epoch milliseconds. States and kinds are their index in the model's lists.
 */
export const initial = `
CREATE TABLE collection (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  store TEXT NOT NULL,
  attributes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  modified_at INTEGER NOT NULL,
  deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX collection_by_id ON collection (id) WHERE deleted_at IS NULL;

CREATE TABLE access_grant (
  collection INTEGER NOT NULL REFERENCES collection (key),
  subject TEXT NOT NULL,
  role INTEGER NOT NULL,
  granted_at INTEGER NOT NULL,
  PRIMARY KEY (collection, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX grant_by_subject ON access_grant (subject, collection);

-- path '' stands for the whole collection; token is never reused, not even after the lock went
CREATE TABLE lock (
  collection INTEGER NOT NULL REFERENCES collection (key),
  path TEXT NOT NULL,
  holder TEXT NOT NULL,
  token INTEGER NOT NULL,
  reason TEXT,
  acquired_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (collection, path)
) STRICT, WITHOUT ROWID;

-- the current version inline: a poll or a copy reads one row; superseded ones go to history
CREATE TABLE entry (
  collection INTEGER NOT NULL,
  path TEXT NOT NULL,
  entity BLOB NOT NULL,
  version INTEGER NOT NULL,
  revision BLOB NOT NULL,
  kind INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  size INTEGER NOT NULL,
  digest BLOB,
  media_type TEXT NOT NULL,
  fields TEXT,
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL,
  modified_by TEXT NOT NULL,
  PRIMARY KEY (collection, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE history (
  collection INTEGER NOT NULL,
  path TEXT NOT NULL,
  version INTEGER NOT NULL,
  entity BLOB NOT NULL,
  revision BLOB NOT NULL,
  kind INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  size INTEGER NOT NULL,
  digest BLOB,
  media_type TEXT NOT NULL,
  fields TEXT,
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL,
  modified_by TEXT NOT NULL,
  PRIMARY KEY (collection, path, version)
) STRICT, WITHOUT ROWID;

-- retrying: states (a bit each) whose items are still to be woken, in the chunks from retry_from on
-- sealed: 0 still arriving, 1 acknowledged, 2 broken off, its rows wait for the purge
CREATE TABLE job (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  number INTEGER NOT NULL UNIQUE,
  kind INTEGER NOT NULL,
  state INTEGER NOT NULL,
  sealed INTEGER NOT NULL,
  paused INTEGER NOT NULL DEFAULT 0,
  cancelling INTEGER NOT NULL DEFAULT 0,
  outcome INTEGER,
  conflict INTEGER NOT NULL,
  verify INTEGER NOT NULL,
  dry_run INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  label TEXT,
  dialect TEXT NOT NULL,
  retention_ms INTEGER NOT NULL,
  submitted_by TEXT NOT NULL,
  total INTEGER NOT NULL DEFAULT 0,
  pending INTEGER NOT NULL DEFAULT 0,
  running INTEGER NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  evicted INTEGER NOT NULL DEFAULT 0,
  cancelled INTEGER NOT NULL DEFAULT 0,
  bytes_total INTEGER NOT NULL DEFAULT 0,
  bytes_done INTEGER NOT NULL DEFAULT 0,
  chunks INTEGER NOT NULL DEFAULT 0,
  unresolved INTEGER NOT NULL DEFAULT 0,
  retrying INTEGER NOT NULL DEFAULT 0,
  retry_from INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  expires_at INTEGER,
  purged INTEGER NOT NULL DEFAULT 0,
  change INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX job_by_submitter ON job (submitted_by, key);
CREATE INDEX job_unfinished ON job (key) WHERE state < 3;
CREATE INDEX job_expiring ON job (expires_at) WHERE expires_at IS NOT NULL AND purged = 0;

CREATE TABLE job_collection (
  job INTEGER NOT NULL REFERENCES job (key),
  collection INTEGER NOT NULL REFERENCES collection (key),
  writes INTEGER NOT NULL,
  PRIMARY KEY (job, collection)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_by_collection ON job_collection (collection, job);

CREATE TABLE selection (
  job INTEGER NOT NULL REFERENCES job (key),
  no INTEGER NOT NULL,
  src_collection INTEGER NOT NULL,
  src_prefix TEXT NOT NULL,
  src_glob TEXT,
  dst_collection INTEGER,
  dst_prefix TEXT,
  patch TEXT,
  cursor TEXT,
  resolved INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (job, no)
) STRICT, WITHOUT ROWID;

-- state 0 waiting, 1 leased, 2 settled; waiting: how many of its items are not terminal; serial: items touch the same path, so apply one by one
CREATE TABLE chunk (
  job INTEGER NOT NULL REFERENCES job (key),
  no INTEGER NOT NULL,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  waiting INTEGER NOT NULL,
  serial INTEGER NOT NULL,
  token INTEGER NOT NULL DEFAULT 0,
  worker TEXT,
  leased_at INTEGER,
  expires_at INTEGER,
  PRIMARY KEY (job, no)
) STRICT, WITHOUT ROWID;
CREATE INDEX chunk_waiting ON chunk (job, no) WHERE state = 0;
CREATE INDEX chunk_leased ON chunk (job, no) WHERE state = 1;

-- dst_path null: as the source's. Conditions: src_revision_if, src_version_if, dst_revision_if; dst_absent_if: "only when nothing is there".
-- id: the job's key in the upper 32 bits, seq in the lower. A plain rowid table: measured a third faster, and a quarter smaller, than one with the key
-- (job, seq), because its rows are found by one integer and its leaves stay full.
CREATE TABLE item (
  id INTEGER PRIMARY KEY,
  job INTEGER GENERATED ALWAYS AS (id >> 32) VIRTUAL,
  seq INTEGER GENERATED ALWAYS AS (id & 4294967295) VIRTUAL,
  state INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  src_collection INTEGER NOT NULL,
  src_path TEXT NOT NULL,
  dst_collection INTEGER,
  dst_path TEXT,
  src_revision_if BLOB,
  src_version_if INTEGER,
  dst_revision_if BLOB,
  dst_absent_if INTEGER,
  patch TEXT,
  bytes INTEGER,
  src_entity BLOB,
  src_version INTEGER,
  src_revision BLOB,
  dst_entity BLOB,
  dst_version INTEGER,
  dst_revision BLOB,
  reason TEXT,
  started_at INTEGER,
  finished_at INTEGER
) STRICT;
-- states from "skipped" on: what people look for in a big job, and what a retry touches; done items cost nothing here
CREATE INDEX item_not_done ON item (job, state, seq) WHERE state > 2;

CREATE TABLE event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job INTEGER NOT NULL,
  type INTEGER NOT NULL,
  at INTEGER NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX event_by_job ON event (job, id);

CREATE TABLE idempotency (
  subject TEXT NOT NULL,
  key TEXT NOT NULL,
  job INTEGER NOT NULL,
  fingerprint TEXT,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (subject, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created_at);
CREATE INDEX idempotency_by_job ON idempotency (job);

CREATE TABLE token (
  hash BLOB PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  subject TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;

-- numbers that only grow
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counter VALUES ('lock_token', 0);
`
