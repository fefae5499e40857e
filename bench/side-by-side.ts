/** Does something `count` times, some of them at once; results in the order of being there. */
export async function manyTimes<T>(count: number, atOnce: number, run: (n: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const one = async (): Promise<void> => {
    while (next < count) results.push(await run(next++))
  }
  await Promise.all(Array.from({ length: atOnce }, one))
  return results
}
