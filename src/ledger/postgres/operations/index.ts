import { agreed } from './agreed.ts'
import { applyChunk } from './apply.ts'
import { purgeAudit } from './audit.ts'
import { createCollection, deleteCollection, removeGrant, setGrant, updateCollection } from './collections.ts'
import { cancel, pause, resume } from './control.ts'
import { createFolder, patchEntry, putEntry, removeEntry } from './entries.ts'
import { appendItems, createJob } from './intake.ts'
import { chunkBlobs, nextWork, releaseLease, renewLease } from './lease.ts'
import { purgeCollections, purgeTokens } from './leftovers.ts'
import { acquireLock, releaseLock } from './locks.ts'
import { mergeItems } from './merge-items.ts'
import { addFieldTypes, setNames } from './names.ts'
import { resolvePage } from './resolve.ts'
import { applyRun, chunkPaths, intend, planTransfers, settlePublished, unsettled } from './places/intents.ts'
import { reconcile } from './places/reconcile.ts'
import { retry } from './retry.ts'
import { dropUnsealed, seal } from './seal.ts'
import { createToken, revokeToken } from './tokens.ts'
import { takeTurn } from './turn.ts'
import type { Tx } from './tx.ts'
import { purge, recover } from './upkeep.ts'
import { abortUpload, completeUpload, createUpload, putUploadPart } from './uploads.ts'
import { claimWebhook, settleDeliveries } from './webhook-send.ts'
import { spreadEvents } from './webhook-spread.ts'
import { createWebhook, deleteWebhook, enableWebhook } from './webhooks.ts'

/** Everything that writes, by name. Each is one transaction, and may be begun more than once before one of them is committed. */
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
  agreed,
  createWebhook,
  deleteWebhook,
  enableWebhook,
  spreadEvents,
  claimWebhook,
  settleDeliveries,
  /** Proves that a commit goes through. */
  probe: async (tx: Tx): Promise<void> => {
    await tx.db.run(`UPDATE counter SET value = value + 1 WHERE name = 'probe'`)
  },
}
