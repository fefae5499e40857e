/** The middle of several measurements; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** Rounded to three significant digits, whole numbers kept: more would pretend. */
export function figure(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
}

/** One line of a bench's output: a name and what was measured. */
export function say(name: string, text: string): void {
  console.log(`${name.padEnd(34)} ${text}`)
}

/** Several timings in seconds with their median first. */
export function seconds(values: readonly number[]): string {
  return `${median(values).toFixed(2)} s   (runs: ${values.map(value => value.toFixed(2)).join(', ')})`
}

/** A whole number, its thousands apart, for reading: 1,000,000. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
