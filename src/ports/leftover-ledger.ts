/**
 * What nobody can reach any more goes in small batches, each one transaction: one that is broken off goes on with the next call. Part of `Ledger`. Both MUST find out
 * by an index that there is nothing to do.
 */
export interface LeftoverLedger {
  /**
   * Purges about `batch` rows of collections that were deleted at or before that time (epoch milliseconds): their uploads, entries, and superseded versions, and then the
   * collection itself, once no job names it any more; returns how many rows went, or were found to have to stay. The present version of a path MUST go before those that
   * it superseded, so that what is there is whole (I6). The next collection of its id, and jobs that name it, MUST see no difference but this: an item that fails for
   * want of the collection does not tell which version was there.
   */
  purgeCollections(deletedBefore: number, batch: number): Promise<number>
  /** Forgets at most `batch` of the tokens that were revoked, or had ended, at or before that time; returns how many went. */
  purgeTokens(endedBefore: number, batch: number): Promise<number>
}
