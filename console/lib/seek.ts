/** The row that `12,000` (counted from 1), or `50 %` of the way, means in a list of `total`; null for what is neither. Beyond the end it is the last. */
export function seekTo(text: string, total: number): number | null {
  const [, digits, percent] = /^\s*([\d,. _]*\d)\s*(%?)\s*$/.exec(text) ?? []
  if (digits === undefined || total === 0) return null
  const row = percent === '%' ? Math.floor((Number(digits.replace(',', '.')) / 100) * total) : Number(digits.replace(/\D/g, '')) - 1
  return Number.isFinite(row) ? Math.min(Math.max(0, row), total - 1) : null
}
