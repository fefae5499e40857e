import { purgeAudit } from './audit.ts'
import { createCollection, deleteCollection, removeGrant, setGrant, updateCollection } from './collections.ts'
import { applyChunk } from './apply.ts'
import { cancel, pause, resume } from './control.ts'
import { createFolder, patchEntry, putEntry, removeEntry } from './entries.ts'
import { appendItems, createJob } from './intake.ts'
import { chunkBlobs, nextWork, releaseLease, renewLease } from './lease.ts'
import { purgeCollections, purgeTokens } from './leftovers.ts'
import { acquireLock, releaseLock } from './locks.ts'
import { mergeItems } from './merge-items.ts'
import { addFieldTypes, setNames } from './names.ts'
import { resolvePage } from './resolve.ts'
import { retry } from './retry.ts'
import { dropUnsealed, seal } from './seal.ts'
import { applyRun, chunkPaths, intend, planTransfers, settlePublished, unsettled } from './places/intents.ts'
import { reconcile } from './places/reconcile.ts'
import { takeTurn } from './turn.ts'
import { createToken, revokeToken } from './tokens.ts'
import { purge, recover } from './upkeep.ts'
import { abortUpload, completeUpload, createUpload, putUploadPart } from './uploads.ts'
import { claimWebhook, settleDeliveries } from './webhook-send.ts'
import { spreadEvents } from './webhook-spread.ts'
import { createWebhook, deleteWebhook, enableWebhook } from './webhooks.ts'
import type { Tx } from './tx.ts'

/** Everything that writes, by name: what the writer thread can be asked to do. Each is one transaction, or a savepoint in a shared one. */
export const operations = {
  createCollection,
  updateCollection,
  deleteCollection,
  setGrant,
  removeGrant,
  acquireLock,
  releaseLock,
  putEntry,
  removeEntry,
  patchEntry,
  createFolder,
  setNames,
  addFieldTypes,
  createUpload,
  putUploadPart,
  completeUpload,
  abortUpload,
  createJob,
  appendItems,
  mergeItems,
  seal,
  dropUnsealed,
  takeTurn,
  nextWork,
  resolvePage,
  renewLease,
  releaseLease,
  chunkBlobs,
  applyChunk,
  reconcile,
  chunkPaths,
  planTransfers,
  intend,
  settlePublished,
  applyRun,
  unsettled,
  cancel,
  pause,
  resume,
  retry,
  recover,
  purge,
  purgeAudit,
  purgeCollections,
  purgeTokens,
  createToken,
  revokeToken,
  createWebhook,
  deleteWebhook,
  enableWebhook,
  spreadEvents,
  claimWebhook,
  settleDeliveries,
  /** Proves that a commit goes through. */
  probe: (tx: Tx): void => void tx.db.run(`UPDATE counter SET value = value WHERE name = 'lock_token'`),
}

export type Operations = typeof operations
export type OperationName = keyof Operations

type WithoutTx<P extends unknown[]> = P extends [Tx, ...infer Rest] ? Rest : never
export type OperationArgs<N extends OperationName> = WithoutTx<Parameters<Operations[N]>>
export type OperationResult<N extends OperationName> = ReturnType<Operations[N]>
