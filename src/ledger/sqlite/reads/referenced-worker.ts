import { parentPort, workerData } from 'node:worker_threads'
import { Database } from '../database.ts'
import { referenced } from './entries.ts'

/** Walks the tables for the sweep of orphans on a thread of its own: it may take seconds, and nobody waits for it. */
const { file, store, digests } = workerData as { file: string; store: string; digests: readonly string[] }
const db = Database.openReader(file)
parentPort?.postMessage([...referenced(db, store, digests)])
db.close()
