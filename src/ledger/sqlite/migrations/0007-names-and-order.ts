/**
 * Ordered jobs in the order of being acknowledged: `ordered` is 0 for all others, -1 until the job is sealed, and then its place in the line. Selections that
 * change what they find, and that look for a graph. Names that subjects give, and types of fields.
 */
export const namesAndOrder = `
DROP INDEX job_ordered;
UPDATE job SET ordered = iif(sealed = 1, key, -1) WHERE ordered = 1;
CREATE INDEX job_ordered ON job (ordered) WHERE ordered <> 0 AND sealed = 1 AND state < 3;
INSERT INTO counter (name, value) SELECT 'job_order', coalesce(max(key), 0) FROM job;

ALTER TABLE selection ADD COLUMN src_graph TEXT;
ALTER TABLE selection ADD COLUMN change TEXT;

CREATE TABLE name (
  subject TEXT NOT NULL,
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (subject, kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE field_type (
  collection INTEGER NOT NULL REFERENCES collection (key),
  field TEXT NOT NULL,
  type TEXT NOT NULL,
  PRIMARY KEY (collection, field, type)
) STRICT, WITHOUT ROWID;
`
