import { EVENT_BITS, EVENT_LOCK } from '../advisory-locks.ts'

/**
 * The first schema: the tables of SQLite's ledger with its seventh (src/ledger/sqlite/migrations), and what several processes need. Flags, kinds and states are
 * small integers, as there; paths and ids are compared bytewise, whatever the database's own collation is. No foreign keys: each row would take a lock on its
 * job's. Addressable collections have negative keys, the others positive ones.
 */
export const initial = `
CREATE SEQUENCE plain_collection AS integer;
CREATE SEQUENCE addressable_collection AS integer INCREMENT -1 MAXVALUE -1 START -1;
CREATE SEQUENCE lock_token;

CREATE TABLE collection (
  key integer PRIMARY KEY,
  id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  store text NOT NULL,
  attributes text NOT NULL,
  created_at bigint NOT NULL,
  created_by text NOT NULL,
  modified_at bigint NOT NULL,
  deleted_at bigint
);
CREATE UNIQUE INDEX collection_by_id ON collection (id) WHERE deleted_at IS NULL;

CREATE TABLE access_grant (
  collection integer NOT NULL,
  subject text COLLATE "C" NOT NULL,
  role smallint NOT NULL,
  granted_at bigint NOT NULL,
  PRIMARY KEY (collection, subject)
);
CREATE INDEX grant_by_subject ON access_grant (subject, collection);

-- path '' stands for the whole collection
CREATE TABLE lock (
  collection integer NOT NULL,
  path text COLLATE "C" NOT NULL,
  holder text NOT NULL,
  token bigint NOT NULL,
  reason text,
  acquired_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (collection, path)
);

-- columns of fixed width first: nothing is lost to alignment
CREATE TABLE entry (
  collection integer NOT NULL,
  version integer NOT NULL,
  created_at bigint NOT NULL,
  modified_at bigint NOT NULL,
  size bigint NOT NULL,
  entity uuid NOT NULL,
  revision uuid NOT NULL,
  kind smallint NOT NULL,
  deleted smallint NOT NULL,
  path text COLLATE "C" NOT NULL,
  digest bytea,
  media_type text NOT NULL,
  fields text,
  modified_by text NOT NULL,
  PRIMARY KEY (collection, path)
);
CREATE INDEX entry_by_entity ON entry (entity) WHERE collection < 0;
CREATE INDEX entry_by_revision ON entry (revision) WHERE collection < 0;
CREATE INDEX entry_folders ON entry (collection, path) WHERE collection < 0 AND deleted = 0 AND kind = 1;

CREATE TABLE history (
  collection integer NOT NULL,
  version integer NOT NULL,
  created_at bigint NOT NULL,
  modified_at bigint NOT NULL,
  size bigint NOT NULL,
  entity uuid NOT NULL,
  revision uuid NOT NULL,
  kind smallint NOT NULL,
  deleted smallint NOT NULL,
  path text COLLATE "C" NOT NULL,
  digest bytea,
  media_type text NOT NULL,
  fields text,
  modified_by text NOT NULL,
  PRIMARY KEY (collection, path, version)
);
CREATE INDEX history_by_revision ON history (revision) WHERE collection < 0;

-- the folder a path lies in, '' at the root
CREATE FUNCTION parent_of(path text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT rtrim(rtrim(path, replace(path, '/', '')), '/') $$;
-- of the folder a hash, because two long paths do not fit into one row of an index
CREATE INDEX entry_children ON entry (collection, hashtextextended(parent_of(path), 0), path) WHERE collection < 0 AND deleted = 0;

-- ordered: 0 for jobs that keep no order, -1 until a job is sealed, then its place in the line
-- retrying: states (a bit each) whose items are still to be woken, in the chunks from retry_from on
-- sealed: 0 still arriving at a node, 1 acknowledged, 2 broken off, its rows wait for the purge
CREATE TABLE job (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE,
  number bigint NOT NULL UNIQUE,
  node uuid,
  kind smallint NOT NULL,
  state smallint NOT NULL,
  sealed smallint NOT NULL,
  paused smallint NOT NULL DEFAULT 0,
  cancelling smallint NOT NULL DEFAULT 0,
  outcome smallint,
  conflict smallint NOT NULL,
  verify smallint NOT NULL,
  dry_run smallint NOT NULL,
  priority smallint NOT NULL,
  label text,
  dialect text NOT NULL,
  retention_ms bigint NOT NULL,
  ordered bigint NOT NULL DEFAULT 0,
  submitted_by text NOT NULL,
  total bigint NOT NULL DEFAULT 0,
  pending bigint NOT NULL DEFAULT 0,
  running bigint NOT NULL DEFAULT 0,
  done bigint NOT NULL DEFAULT 0,
  skipped bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  evicted bigint NOT NULL DEFAULT 0,
  cancelled bigint NOT NULL DEFAULT 0,
  bytes_total bigint NOT NULL DEFAULT 0,
  bytes_done bigint NOT NULL DEFAULT 0,
  chunks integer NOT NULL DEFAULT 0,
  unresolved integer NOT NULL DEFAULT 0,
  retrying smallint NOT NULL DEFAULT 0,
  retry_from integer NOT NULL DEFAULT 0,
  created_at bigint NOT NULL,
  started_at bigint,
  finished_at bigint,
  expires_at bigint,
  purged smallint NOT NULL DEFAULT 0,
  change bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE INDEX job_by_submitter ON job (submitted_by, key);
CREATE INDEX job_unfinished ON job (key) WHERE state < 3;
CREATE INDEX job_expiring ON job (expires_at) WHERE expires_at IS NOT NULL AND purged = 0;
CREATE INDEX job_ordered ON job (ordered) WHERE ordered <> 0 AND sealed = 1 AND state < 3;

-- nodes that receive manifests say now and then that they are alive: by the database's clock
CREATE TABLE node (id uuid PRIMARY KEY, seen_at timestamptz NOT NULL DEFAULT clock_timestamp());

CREATE TABLE job_collection (
  job bigint NOT NULL,
  collection integer NOT NULL,
  writes smallint NOT NULL,
  PRIMARY KEY (job, collection)
);
CREATE INDEX job_by_collection ON job_collection (collection, job);

CREATE TABLE selection (
  job bigint NOT NULL,
  no integer NOT NULL,
  src_collection integer NOT NULL,
  src_prefix text NOT NULL,
  src_glob text,
  src_graph text,
  dst_collection integer,
  dst_prefix text,
  patch text,
  change text,
  cursor text,
  resolved smallint NOT NULL DEFAULT 0,
  PRIMARY KEY (job, no)
);

-- state 0 waiting, 1 leased, 2 settled; waiting: how many of its items are not terminal; serial: items touch the same path, so apply one by one
CREATE TABLE chunk (
  job bigint NOT NULL,
  no integer NOT NULL,
  first_seq bigint NOT NULL,
  last_seq bigint NOT NULL,
  state smallint NOT NULL DEFAULT 0,
  waiting integer NOT NULL,
  serial smallint NOT NULL,
  token bigint NOT NULL DEFAULT 0,
  worker text,
  leased_at bigint,
  expires_at bigint,
  PRIMARY KEY (job, no)
);
CREATE INDEX chunk_waiting ON chunk (job, no) WHERE state = 0;
CREATE INDEX chunk_leased ON chunk (job, no) WHERE state = 1;

-- items of a chunk that are not rows yet: their source paths, and the selection that says the rest
CREATE TABLE unwritten (
  job bigint NOT NULL,
  chunk integer NOT NULL,
  selection integer NOT NULL,
  paths text[] NOT NULL,
  PRIMARY KEY (job, chunk)
);

-- dst_path null: as the source's. Conditions: src_revision_if, src_version_if, dst_revision_if; dst_absent_if: "only when nothing is there"
CREATE TABLE item (
  job bigint NOT NULL,
  seq bigint NOT NULL,
  started_at bigint,
  finished_at bigint,
  bytes bigint,
  src_collection integer NOT NULL,
  dst_collection integer,
  attempts integer NOT NULL DEFAULT 0,
  src_version integer,
  dst_version integer,
  state smallint NOT NULL DEFAULT 0,
  src_entity uuid,
  src_revision uuid,
  dst_entity uuid,
  dst_revision uuid,
  src_path text COLLATE "C" NOT NULL,
  dst_path text COLLATE "C",
  src_revision_if uuid,
  src_version_if bigint,
  dst_revision_if uuid,
  dst_absent_if smallint,
  patch text,
  change text,
  reason text,
  PRIMARY KEY (job, seq)
);
-- states from "skipped" on: what people look for in a big job, and what a retry touches; done items cost nothing here
CREATE INDEX item_not_done ON item (job, state, seq) WHERE state > 2;

-- jobs over entities, as in SQLite's ledger
CREATE TABLE entity_selection (
  job bigint NOT NULL,
  no integer NOT NULL,
  entity uuid NOT NULL,
  dst_id text,
  dst_folder uuid,
  name text,
  src_collection integer,
  src_path text COLLATE "C",
  dst_collection integer,
  dst_path text,
  folders smallint NOT NULL DEFAULT 0,
  cursor text,
  files bigint NOT NULL DEFAULT 0,
  resolved smallint NOT NULL DEFAULT 0,
  clears smallint NOT NULL DEFAULT 0,
  PRIMARY KEY (job, no)
);
CREATE INDEX entity_selection_open ON entity_selection (job, no) WHERE resolved = 0;
CREATE INDEX entity_selection_clearing ON entity_selection (job, src_collection, src_path) WHERE clears = 1;

CREATE TABLE entity_item (
  job bigint NOT NULL,
  seq bigint NOT NULL,
  selection integer NOT NULL,
  PRIMARY KEY (job, seq)
);

CREATE TABLE held_blob (
  job bigint NOT NULL,
  digest bytea NOT NULL,
  PRIMARY KEY (job, digest)
);
CREATE INDEX held_blob_by_digest ON held_blob (digest);

CREATE SEQUENCE event_id;
CREATE TABLE event (
  id bigint PRIMARY KEY DEFAULT nextval('event_id'),
  job bigint NOT NULL,
  type smallint NOT NULL,
  at bigint NOT NULL,
  data text NOT NULL
);
CREATE INDEX event_by_job ON event (job, id);

-- The end of every transaction that writes. Its events are numbered last, and while a transaction may number events, a lock tells above which number: readers
-- go no further than the lowest of these (event_horizon), so that nothing with a lower number can turn up behind them. Answers the transaction's id, by which
-- its outcome is looked up when the answer to its commit is lost, and its last event.
CREATE FUNCTION end_transaction(jobs bigint[], types smallint[], data text[], at bigint, OUT xid text, OUT last_event bigint) LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(jobs) > 0 THEN
    PERFORM pg_advisory_xact_lock_shared((${EVENT_LOCK}::bigint << ${EVENT_BITS}) + newest_event());
    INSERT INTO event (job, type, at, data) SELECT e.job, e.type, end_transaction.at, e.data
      FROM unnest(jobs, types, data) WITH ORDINALITY AS e (job, type, data, n) ORDER BY n;
    last_event := currval('event_id');
  END IF;
  xid := pg_current_xact_id_if_assigned()::text;
END $$;

CREATE FUNCTION newest_event() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM event_id $$;

-- No event up to this number is still to come. To be asked in a statement of its own, before the one that reads events.
CREATE FUNCTION event_horizon() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  newest bigint;
  pending bigint;
BEGIN
  newest := newest_event();
  SELECT min(held.key & ((1::bigint << ${EVENT_BITS}) - 1)) INTO pending
    FROM (SELECT (classid::bigint << 32) | objid::bigint AS key FROM pg_locks
      WHERE locktype = 'advisory' AND objsubid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) held
    WHERE held.key >> ${EVENT_BITS} = ${EVENT_LOCK};
  RETURN least(newest, coalesce(pending, newest));
END $$;

CREATE TABLE idempotency (
  subject text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  job bigint NOT NULL,
  fingerprint text,
  created_at bigint NOT NULL,
  PRIMARY KEY (subject, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);
CREATE INDEX idempotency_by_job ON idempotency (job);

CREATE TABLE token (
  hash bytea PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  subject text NOT NULL,
  scopes text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint,
  revoked_at bigint
);

-- version: the entry version that completing made; its parts are gone then, and the row stays until it expires, to answer again
CREATE TABLE upload (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE,
  collection integer NOT NULL,
  path text NOT NULL,
  size bigint NOT NULL,
  part_size bigint NOT NULL,
  media_type text NOT NULL,
  fields text,
  conditions text NOT NULL,
  started_by text NOT NULL,
  started_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  version integer
);
CREATE INDEX upload_expiring ON upload (expires_at);

CREATE TABLE upload_part (
  upload bigint NOT NULL,
  number integer NOT NULL,
  size bigint NOT NULL,
  digest bytea NOT NULL,
  PRIMARY KEY (upload, number)
);

CREATE TABLE name (
  subject text COLLATE "C" NOT NULL,
  kind smallint NOT NULL,
  name text COLLATE "C" NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (subject, kind, name)
);

CREATE TABLE field_type (
  collection integer NOT NULL,
  field text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  PRIMARY KEY (collection, field, type)
);

-- the line of ordered jobs: whoever takes a place keeps the row until its commit, so that places are taken in the order of the acknowledgements
CREATE TABLE counter (name text PRIMARY KEY, value bigint NOT NULL);
INSERT INTO counter VALUES ('job_order', 0), ('probe', 0);

-- what all nodes must know and nobody configured, as the key that signs URLs
CREATE TABLE secret (name text PRIMARY KEY, value bytea NOT NULL);
`
