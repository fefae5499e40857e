/** Labels of tokens, the audit log and what is counted for quotas, as SQLite's ledger has them (src/ledger/sqlite/migrations/0011-audit.ts). */
export const audit = `
ALTER TABLE token ADD COLUMN label text;
CREATE INDEX token_by_age ON token (created_at, id);
CREATE INDEX token_by_subject ON token (subject, created_at, id);

CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at bigint NOT NULL,
  subject text NOT NULL,
  token text,
  action text NOT NULL,
  collection integer,
  collection_id text COLLATE "C",
  path text COLLATE "C",
  job text,
  dialect text NOT NULL,
  request text,
  details text NOT NULL
);
CREATE INDEX audit_by_age ON audit (at, id);
CREATE INDEX audit_by_subject ON audit (subject, at, id);
CREATE INDEX audit_by_collection ON audit (collection, at, id) WHERE collection IS NOT NULL;
CREATE INDEX audit_by_collection_id ON audit (collection_id, at, id) WHERE collection_id IS NOT NULL;
ALTER TABLE job ADD COLUMN actor text;

CREATE INDEX job_unfinished_by_submitter ON job (submitted_by) WHERE state < 3 AND sealed < 2;
CREATE INDEX collection_by_creator ON collection (created_by) WHERE deleted_at IS NULL;
`
