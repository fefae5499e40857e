import { once } from 'node:events'
import { printable } from './printable.ts'

/** Writes a line to standard output, at the pace of whoever reads it. */
export async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

/** Writes a value as one line of JSON to standard output. */
export async function printJson(value: unknown): Promise<void> {
  await print(JSON.stringify(value))
}

/** Writes a line for the person at the terminal to standard error. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** A whole number with separators: 1,000,000. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** "1 file", "2 files". */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}

/** Bytes in decimal units, three figures: 4.10 MB. */
export function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB']
  const step = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** step
  return `${step === 0 ? count(bytes) : value.toPrecision(Math.max(3, String(Math.round(value)).length))} ${units[step] ?? ''}`
}

/** A span of time for reading: 0.35 s, 12.4 s, 3 min 20 s. */
export function span(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 10) return `${seconds.toFixed(2)} s`
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Rows as columns, two spaces apart, the first row a heading. */
export async function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): Promise<void> {
  const all = [heading, ...rows.map(row => row.map(printable))]
  const widths = heading.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0)))
  for (const row of all)
    await print(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
}
