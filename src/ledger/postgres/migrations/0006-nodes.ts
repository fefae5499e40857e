/** What nodes say of themselves for those who look after them; null of one that only receives manifests. */
export const nodes = `
ALTER TABLE node ADD COLUMN host text, ADD COLUMN pid integer, ADD COLUMN version text, ADD COLUMN started_at bigint;
`
