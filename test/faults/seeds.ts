/** The seeds that the environment variable names, as `1-500`; else the first so many. */
export function seedsOf(variable: string, usual: number): number[] {
  const [first = 1, last = usual] = (process.env[variable] ?? '').split('-').filter(Boolean).map(Number)
  return Array.from({ length: last - first + 1 }, (_, n) => first + n)
}
