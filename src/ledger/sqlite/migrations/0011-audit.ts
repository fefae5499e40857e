/**
 * Labels of tokens, and how they are listed; the audit log (docs/decisions/0048-the-audit-log.md); what is counted for quotas (0049). `collection` of an audit
 * record is a key, which no other collection ever has, `collection_id` what its callers say. `actor` of a job: who submitted it, as JSON, where it finds out
 * in its turns which collections it names.
 */
export const audit = `
ALTER TABLE token ADD COLUMN label TEXT;
CREATE INDEX token_by_age ON token (created_at, id);
CREATE INDEX token_by_subject ON token (subject, created_at, id);

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  subject TEXT NOT NULL,
  token TEXT,
  action TEXT NOT NULL,
  collection INTEGER,
  collection_id TEXT,
  path TEXT,
  job TEXT,
  dialect TEXT NOT NULL,
  request TEXT,
  details TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_age ON audit (at);
CREATE INDEX audit_by_subject ON audit (subject, at);
CREATE INDEX audit_by_collection ON audit (collection, at) WHERE collection IS NOT NULL;
CREATE INDEX audit_by_collection_id ON audit (collection_id, at) WHERE collection_id IS NOT NULL;
ALTER TABLE job ADD COLUMN actor TEXT;

CREATE INDEX job_unfinished_by_submitter ON job (submitted_by) WHERE state < 3 AND sealed < 2;
CREATE INDEX collection_by_creator ON collection (created_by) WHERE deleted_at IS NULL;
`
