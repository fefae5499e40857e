import type { Fit, Series } from './fit.ts'

const WIDTH = 460
const HEIGHT = 130
const COLUMNS = 2
const MARGIN = { left: 62, right: 14, top: 26, bottom: 22 }

/** All series as small charts beside each other, each from zero up, with its fitted line; an SVG document. */
export function plot(title: string, charts: readonly { readonly series: Series; readonly fit: Fit }[]): string {
  const rows = Math.ceil(charts.length / COLUMNS)
  const [width, height] = [COLUMNS * WIDTH, rows * HEIGHT + 30]
  const drawn = charts.map(
    ({ series, fit }, n) => `<g transform="translate(${(n % COLUMNS) * WIDTH} ${30 + Math.floor(n / COLUMNS) * HEIGHT})">${chart(series, fit)}</g>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" role="img" aria-label="${escaped(title)}">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${MARGIN.left}" y="18" font-size="13">${escaped(title)}</text>
${drawn.join('\n')}
</svg>
`
}

function chart({ name, unit, points }: Series, { perHour, mean, passed, allowed }: Fit): string {
  const last = points.at(-1)?.t ?? 1
  const most = Math.max(1e-9, ...points.map(({ value }) => value)) * 1.1
  const x = (t: number): number => MARGIN.left + (t / last) * (WIDTH - MARGIN.left - MARGIN.right)
  const y = (value: number): number => HEIGHT - MARGIN.bottom - (value / most) * (HEIGHT - MARGIN.top - MARGIN.bottom)
  const at = (t: number, value: number): string => `${x(t).toFixed(1)},${y(value).toFixed(1)}`
  const colour = allowed === null ? '#777' : passed ? '#2a6f4e' : '#b3261e'
  const perMs = perHour / 3_600_000
  const line = (t: number): number => Math.max(0, mean + perMs * (t - last * 0.65))
  return [
    `<text x="${MARGIN.left}" y="16">${escaped(name)} (${escaped(unit)})</text>`,
    `<text x="${WIDTH - MARGIN.right}" y="16" text-anchor="end" fill="${colour}">${short(perHour)} an hour</text>`,
    `<path d="M${at(0, 0)} H${x(last)}" stroke="#999" fill="none"/>`,
    `<text x="${MARGIN.left - 6}" y="${y(0)}" text-anchor="end">0</text>`,
    `<text x="${MARGIN.left - 6}" y="${y(most / 1.1) + 4}" text-anchor="end">${short(most / 1.1)}</text>`,
    `<text x="${x(last)}" y="${HEIGHT - 8}" text-anchor="end">${(last / 60_000).toFixed(0)} min</text>`,
    `<polyline points="${points.map(({ t, value }) => at(t, value)).join(' ')}" fill="none" stroke="#3b6ea8"/>`,
    `<path d="M${at(last * 0.3, line(last * 0.3))} L${at(last, line(last))}" stroke="${colour}" stroke-dasharray="4 3" fill="none"/>`,
  ].join('')
}

/** A number in three digits. */
export function short(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e6) return `${(value / 1e6).toPrecision(3)}M`
  if (size >= 1e4) return `${(value / 1e3).toPrecision(3)}k`
  return size >= 100 ? value.toFixed(0) : size >= 1 ? value.toFixed(1) : value.toFixed(2)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
