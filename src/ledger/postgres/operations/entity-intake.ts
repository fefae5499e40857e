import type { EntitySelection } from '../../../model/job.ts'
import type { Tx } from './tx.ts'

const INSERT = `INSERT INTO entity_selection (job, no, entity, dst_id, dst_folder, name)
  SELECT :job::bigint, n - 1, entity, dst_id, dst_folder, name
  FROM unnest(:entities::uuid[], :ids::text[], :folders::uuid[], :names::text[]) WITH ORDINALITY AS v (entity, dst_id, dst_folder, name, n)`

/** Stores what a job is to do with entities; nothing of it is looked up yet. */
export async function addEntities(tx: Tx, job: number, entities: readonly EntitySelection[]): Promise<void> {
  if (entities.length === 0) return
  await tx.db.run(INSERT, {
    job,
    entities: entities.map(({ entityId }) => entityId),
    ids: entities.map(({ destination }) => (destination !== undefined && 'collection' in destination ? destination.collection : null)),
    folders: entities.map(({ destination }) => (destination !== undefined && 'folder' in destination ? destination.folder : null)),
    names: entities.map(({ name }) => name ?? null),
  })
}
