/** How many bytes of the large blobs of a leased chunk are in their other store by now: JSON, bytes by seq. Null when nothing is known, or no lease holds. */
export const chunkProgress = `
ALTER TABLE chunk ADD COLUMN progress TEXT;
`
