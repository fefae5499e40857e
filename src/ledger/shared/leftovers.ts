/** A job names this collection (`:key`). */
export const NAMED = 'SELECT 1 FROM job_collection WHERE collection = :key LIMIT 1'
/** Until the last job that names it is purged (`forgetCollections`). */
export const STAYS = 'UPDATE collection SET purging = 0 WHERE key = :key'
export const GOES = 'DELETE FROM collection WHERE key = :key'

/** Which collections a purged job (`:job`) named was kept for its hooks alone, and the last of them is gone. */
export const KEPT_FOR_HOOKS = `SELECT 1 FROM job WHERE key = :job AND purged = 1 AND NOT EXISTS (SELECT 1 FROM webhook WHERE job = :job AND removed = 0)`
