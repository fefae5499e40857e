/**
 * Hooks and what is to be sent to them (docs/decisions/0043-webhooks.md). `events`: a bit for each type; `since`: events after this number are spread, `fill_after` and
 * `fill_through` the part of its job's earlier events that is still to be spread. `ready_at`: when something is due, or, while it is leased, when the lease ends;
 * null: nothing is, or it is disabled. `ending`: its job was purged, it goes with its last delivery; `removed`: its rows wait for the purge.
 * A delivery has the event's data only once the event itself was purged.
 */
export const webhooks = `
CREATE TABLE webhook (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  url TEXT NOT NULL,
  collection INTEGER,
  job INTEGER,
  events INTEGER NOT NULL,
  secret BLOB NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  since INTEGER NOT NULL,
  fill_after INTEGER,
  fill_through INTEGER,
  disabled TEXT,
  failing_since INTEGER,
  failures INTEGER NOT NULL DEFAULT 0,
  last_at INTEGER,
  last_status INTEGER,
  last_error TEXT,
  pending INTEGER NOT NULL DEFAULT 0,
  ready_at INTEGER,
  lease_worker TEXT,
  lease_until INTEGER,
  lease_token INTEGER NOT NULL DEFAULT 0,
  ending INTEGER NOT NULL DEFAULT 0,
  removed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX webhook_by_collection ON webhook (collection, key) WHERE collection IS NOT NULL;
CREATE INDEX webhook_by_job ON webhook (job, key) WHERE job IS NOT NULL;
CREATE INDEX webhook_by_creator ON webhook (created_by, key);
CREATE INDEX webhook_live ON webhook (since) WHERE removed = 0 AND disabled IS NULL;
CREATE INDEX webhook_filling ON webhook (key) WHERE fill_through IS NOT NULL;
CREATE INDEX webhook_ready ON webhook (ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX webhook_removed ON webhook (key) WHERE removed = 1;

CREATE TABLE webhook_delivery (
  hook INTEGER NOT NULL,
  event INTEGER NOT NULL,
  job INTEGER NOT NULL,
  type INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  first_at INTEGER,
  last_at INTEGER,
  status INTEGER,
  error TEXT,
  at INTEGER,
  data TEXT,
  PRIMARY KEY (hook, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_delivery_due ON webhook_delivery (hook, due_at, event) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_delivery_tried ON webhook_delivery (hook, attempts, due_at) WHERE due_at IS NOT NULL AND attempts > 0;
CREATE INDEX webhook_delivery_pending ON webhook_delivery (event) WHERE due_at IS NOT NULL AND data IS NULL;
CREATE INDEX webhook_delivery_settled ON webhook_delivery (last_at) WHERE due_at IS NULL;

INSERT INTO counter VALUES ('webhook_event', 0);
`
