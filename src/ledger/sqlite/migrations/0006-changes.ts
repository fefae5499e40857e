/** Updates by values: their changes, the bytes these bring along, and jobs that keep the order in which they were submitted. */
export const changes = `
ALTER TABLE item ADD COLUMN change TEXT;
ALTER TABLE job ADD COLUMN ordered INTEGER NOT NULL DEFAULT 0;
CREATE INDEX job_ordered ON job (key) WHERE ordered = 1 AND state < 3;

CREATE TABLE held_blob (
  job INTEGER NOT NULL REFERENCES job (key),
  digest BLOB NOT NULL,
  PRIMARY KEY (job, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX held_blob_by_digest ON held_blob (digest);
`
