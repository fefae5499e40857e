/** The seeds that the environment variable names, as `1-500`, or as `7` alone; else the first so many. */
export function seedsOf(variable: string, usual: number): number[] {
  const told = process.env[variable] ?? `1-${usual}`
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(told) ?? []
  const many = Number(last) - Number(first) + 1
  if (!(many > 0)) throw new Error(`${variable} is a seed or a range of them, as 7 or 1-500, not "${told}"`)
  return Array.from({ length: many }, (_, n) => Number(first) + n)
}
