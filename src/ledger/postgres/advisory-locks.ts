/*
 * Advisory locks are numbers that all programs on one database share: ours begin with "WB" (0x5742). Those of two numbers are held to the end of a transaction.
 */

/** With a collection's key: shared by whoever writes entries, alone for whoever changes what they rely on (locks, grants, the tree of an addressable one). */
export const COLLECTION_LOCK = 0x57420001

/** With a hash of subject and idempotency key: two submissions under one key come one after the other. */
export const KEY_LOCK = 0x57420002

/** With 0, held by a session: migrations are run by one node at a time. */
export const MIGRATION_LOCK = 0x57420003

/** With a hash of a subject: what is counted against their quotas is counted one after the other. */
export const QUOTA_LOCK = 0x57420004

/** In one number of 64 bits, above 44 bits of the newest event's number: a transaction that is about to number events (migrations/0001-initial.ts). */
export const EVENT_LOCK = 0x5742

/** Bits of the number of an event. */
export const EVENT_BITS = 44

/** With 0: alone for whoever spreads events over hooks, shared by whoever makes a hook, so that none of its events is passed over meanwhile. */
export const WEBHOOK_LOCK = 0x57420004
