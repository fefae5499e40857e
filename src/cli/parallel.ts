/**
 * Does `work` for everything in `source`, at most `limit` at once, in the order given. The first error stops the taking of more,
 * waits for what is under way, and is thrown.
 */
export async function inParallel<T>(source: Iterable<T> | AsyncIterable<T>, limit: number, work: (one: T) => Promise<void>): Promise<void> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  let stopped = false
  let turn: Promise<unknown> = Promise.resolve()
  // one `next` after the other: an iterator need not bear several at once
  const next = (): Promise<IteratorResult<T>> => {
    const taken = turn.then(() => iterator.next())
    turn = Promise.allSettled([taken]) // an error is its own caller's; the next in line only waits for the end
    return taken
  }
  const worker = async (): Promise<void> => {
    try {
      while (!stopped) {
        const taken = await next()
        if (taken.done) return
        await work(taken.value)
      }
    } catch (error) {
      stopped = true
      throw error
    }
  }
  const results = await Promise.allSettled(Array.from({ length: limit }, worker))
  await iterator.return?.()
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
