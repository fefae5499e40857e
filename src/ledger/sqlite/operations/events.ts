import { EVENT_TYPES, type EventType } from '../../../model/event.ts'
import type { Tx } from './tx.ts'

/** Stores an event of a job (its key); the event's number is its row's. It is part of the transaction that it tells of. */
export function addEvent(tx: Tx, job: number, type: EventType, data: Readonly<Record<string, unknown>>): void {
  tx.db.run('INSERT INTO event (job, type, at, data) VALUES (:job, :type, :now, :data)', {
    job,
    type: EVENT_TYPES.indexOf(type),
    now: tx.now,
    data: JSON.stringify(data),
  })
}
