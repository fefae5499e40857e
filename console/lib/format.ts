// Numbers, sizes and times as the console writes them: short to read, exact on hover.

const UNITS = [
  { from: 1e12, sign: 'T' },
  { from: 1e9, sign: 'G' },
  { from: 1e6, sign: 'M' },
  { from: 1e3, sign: 'k' },
] as const

const EXACT = new Intl.NumberFormat('en-US')

/** `999`, `1.2 k`, `12 M`: two digits that count. Below 10,000 the number itself, which is as short. */
export function shortNumber(value: number): string {
  if (Math.abs(value) < 10_000) return value !== 0 && Math.abs(value) < 10 && !Number.isInteger(value) ? value.toFixed(1) : EXACT.format(Math.round(value))
  return scaled(value, '')
}

export function exactNumber(value: number): string {
  return EXACT.format(value)
}

/** `512 B`, `1.5 GB`; decimal units, as disks are sold and quotas are written. */
export function size(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : scaled(bytes, 'B')
}

function scaled(value: number, unit: string): string {
  const { from, sign } = UNITS.find(each => Math.abs(value) >= each.from * 0.9995) ?? { from: 1, sign: '' }
  const digits = value / from
  return `${Math.abs(digits) < 99.95 ? digits.toFixed(1).replace(/\.0$/, '') : Math.round(digits)} ${sign}${unit}`.trim()
}

/** `1 item`, `2 items`; exact, with the word. */
export function plural(count: number, word: string, many = `${word}s`): string {
  return `${exactNumber(count)} ${count === 1 ? word : many}`
}

/** `40 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`: two units at most. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([amount]) => amount > 0)
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ')
}

/** `just now`, `5 min ago`, `in 3 h`: one unit, as it is read and not as it is measured. */
export function relative(at: number, now: number): string {
  const away = Math.abs(now - at)
  if (away < 5000) return 'just now'
  const words = duration(away).split(' ').slice(0, 2).join(' ')
  return at < now ? `${words} ago` : `in ${words}`
}

/** A share as a whole percentage that is 0 only for nothing and 100 only for all. */
export function percent(part: number, whole: number): number {
  if (whole <= 0 || part <= 0) return 0
  if (part >= whole) return 100
  return Math.min(99, Math.max(1, Math.round((part / whole) * 100)))
}
