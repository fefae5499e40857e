/**
 * Hooks and what is to be sent to them, as SQLite's ledger has them with its tenth schema (src/ledger/sqlite/migrations/0010-webhooks.ts).
 */
export const webhooks = `
CREATE TABLE webhook (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE,
  url text NOT NULL,
  collection integer,
  job bigint,
  events integer NOT NULL,
  secret bytea NOT NULL,
  created_by text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  since bigint NOT NULL,
  fill_after bigint,
  fill_through bigint,
  disabled text,
  failing_since bigint,
  failures integer NOT NULL DEFAULT 0,
  last_at bigint,
  last_status integer,
  last_error text,
  pending bigint NOT NULL DEFAULT 0,
  ready_at bigint,
  lease_worker text,
  lease_until bigint,
  lease_token bigint NOT NULL DEFAULT 0,
  ending smallint NOT NULL DEFAULT 0,
  removed smallint NOT NULL DEFAULT 0
);
CREATE INDEX webhook_by_collection ON webhook (collection, key) WHERE collection IS NOT NULL;
CREATE INDEX webhook_by_job ON webhook (job, key) WHERE job IS NOT NULL;
CREATE INDEX webhook_by_creator ON webhook (created_by, key);
CREATE INDEX webhook_live ON webhook (since) WHERE removed = 0 AND disabled IS NULL;
CREATE INDEX webhook_filling ON webhook (key) WHERE fill_through IS NOT NULL;
CREATE INDEX webhook_ready ON webhook (ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX webhook_removed ON webhook (key) WHERE removed = 1;

CREATE TABLE webhook_delivery (
  hook bigint NOT NULL,
  event bigint NOT NULL,
  job bigint NOT NULL,
  type smallint NOT NULL,
  state smallint NOT NULL DEFAULT 0,
  due_at bigint,
  attempts integer NOT NULL DEFAULT 0,
  first_at bigint,
  last_at bigint,
  status integer,
  error text,
  at bigint,
  data text,
  PRIMARY KEY (hook, event)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (hook, due_at, event) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_delivery_tried ON webhook_delivery (hook, attempts, due_at) WHERE due_at IS NOT NULL AND attempts > 0;
CREATE INDEX webhook_delivery_pending ON webhook_delivery (event) WHERE due_at IS NOT NULL AND data IS NULL;
CREATE INDEX webhook_delivery_settled ON webhook_delivery (last_at) WHERE due_at IS NULL;

INSERT INTO counter VALUES ('webhook_event', 0);
`
