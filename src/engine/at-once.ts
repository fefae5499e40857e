/** Does the work for each, so many at once, until all are done or the signal aborts. */
export async function atOnce<T>(most: number, all: readonly T[], signal: AbortSignal, work: (one: T) => Promise<void>): Promise<void> {
  const waiting = all.values()
  const worker = async (): Promise<void> => {
    for (const one of waiting) {
      if (signal.aborted) return
      await work(one)
    }
  }
  await Promise.all(Array.from({ length: Math.min(most, all.length) }, worker))
}
