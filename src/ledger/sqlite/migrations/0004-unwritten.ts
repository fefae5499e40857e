/** Items of a chunk that are not rows yet: a JSON array (SQLite's binary form) of their source paths, and the selection that says the rest. */
export const unwritten = `
CREATE TABLE unwritten (
  job INTEGER NOT NULL REFERENCES job (key),
  chunk INTEGER NOT NULL,
  selection INTEGER NOT NULL,
  paths BLOB NOT NULL,
  PRIMARY KEY (job, chunk)
) STRICT;
`
