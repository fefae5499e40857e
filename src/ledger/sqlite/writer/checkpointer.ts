import { parentPort, workerData } from 'node:worker_threads'
import { Database } from '../database.ts'

/**
 * Folds the write-ahead log into the database file on a thread of its own, while the writer goes on: a passive checkpoint waits for nobody. Without it
 * the writer would stop for each checkpoint itself, some tenth of a big job's time. The writer's own, at a longer log, remains for what this one cannot reach.
 */

const EVERY_MS = 250

const { file } = workerData as { file: string }
const db = Database.openCheckpointer(file)
const timer = setInterval(() => db.checkpoint(), EVERY_MS)

parentPort?.once('message', () => {
  clearInterval(timer)
  db.close()
})
