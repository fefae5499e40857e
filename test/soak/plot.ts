import { WARM_UP, type Fit, type Series } from './fit.ts'
import { TITLES } from './samples.ts'

/** A series, what it does, and how it is drawn. */
export interface Chart {
  readonly series: Series
  readonly fit: Fit
}

const WIDTH = 320
const HEIGHT = 118
const COLUMNS = 3
const HEAD = 40
const MARGIN = { left: 46, right: 12, top: 36, bottom: 20 }

/** Colours for either kind of page: SVGs in pages are told by the browser which one it is. */
const STYLE = `
svg { --text: #1f2328; --quiet: #59636e; --axis: #d1d9e0; --line: #0969da; --second: #8250df; --good: #1a7f37; --bad: #cf222e; --back: #fff }
@media (prefers-color-scheme: dark) {
  svg { --text: #f0f6fc; --quiet: #9198a1; --axis: #3d444d; --line: #4493f8; --second: #ab7df8; --good: #3fb950; --bad: #f85149; --back: #0d1117 }
}
text { fill: var(--text); font: 11px ui-sans-serif, system-ui, sans-serif }
.title { font-size: 15px; font-weight: 600 } .name { font-size: 12px; font-weight: 600 } .quiet { fill: var(--quiet); font-size: 10px }
.good { fill: var(--good) } .bad { fill: var(--bad); font-weight: 600 }
path, polyline { fill: none } .axis { stroke: var(--axis) } .back { fill: var(--back) }
.first { stroke: var(--line); stroke-width: 1.5 } .second { stroke: var(--second); stroke-width: 1; opacity: 0.75 }
.trend { stroke-dasharray: 5 4; stroke-width: 1.5; stroke: var(--good) } .bad-trend { stroke: var(--bad) } .told-trend { stroke: var(--quiet) }`

/**
 * All series as small charts beside each other, each from zero up, with its line; the median and the 99th of a hundred of one kind of answer are one chart. An SVG
 * document, for light and dark pages.
 */
export function plot(title: string, charts: readonly Chart[]): string {
  const panels = grouped(charts)
  const [width, height] = [COLUMNS * WIDTH, Math.ceil(panels.length / COLUMNS) * HEIGHT + HEAD]
  const place = (n: number): string => `translate(${(n % COLUMNS) * WIDTH} ${HEAD + Math.floor(n / COLUMNS) * HEIGHT})`
  const drawn = panels.map(({ name, of }, n) => `<g transform="${place(n)}">${panel(name, of)}</g>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<style>${STYLE}</style>
<rect class="back" width="${width}" height="${height}"/>
<text class="title" x="12" y="22">${escaped(title)}</text>
${drawn.join('\n')}
</svg>
`
}

interface Panel {
  readonly name: string
  readonly of: Chart[]
}

/** What has to do with one thing; latencies come last. */
function grouped(charts: readonly Chart[]): Panel[] {
  const panels: Panel[] = []
  for (const chart of charts.toSorted((a, b) => Number(kindOf(a) !== null) - Number(kindOf(b) !== null))) {
    const name = kindOf(chart) ?? chart.series.name
    const present = panels.find(panel => panel.name === name)
    if (present === undefined) panels.push({ name, of: [chart] })
    else present.of.push(chart)
  }
  return panels
}

/** Of which kind of answers a series tells how long they took. */
function kindOf({ series }: Chart): string | null {
  return /^p[0-9]+ (.*)$/.exec(series.name)?.[1] ?? null
}

function panel(name: string, charts: readonly Chart[]): string {
  const last = Math.max(1, ...charts.map(({ series }) => series.points.at(-1)?.t ?? 0))
  const most = Math.max(1e-9, ...charts.flatMap(({ series }) => series.points.map(({ value }) => value)))
  const x = (t: number): number => MARGIN.left + (t / last) * (WIDTH - MARGIN.left - MARGIN.right)
  const y = (value: number): number => HEIGHT - MARGIN.bottom - (value / (most * 1.08)) * (HEIGHT - MARGIN.top - MARGIN.bottom)
  const unit = charts[0]?.series.unit ?? ''
  const isLatency = charts.some(chart => kindOf(chart) !== null)
  return [
    `<text class="name" x="${MARGIN.left}" y="14">${escaped(isLatency ? `${name}: median, 99th of 100 (${unit})` : `${TITLES[name] ?? name} (${unit})`)}</text>`,
    ...charts.map((chart, n) => verdict(chart, MARGIN.left + n * 140, charts.length > 1)),
    `<path class="axis" d="M${MARGIN.left},${y(most).toFixed(1)} H${WIDTH - MARGIN.right} M${MARGIN.left},${y(0)} H${WIDTH - MARGIN.right}"/>`,
    `<text class="quiet" x="${MARGIN.left - 5}" y="${y(0) + 3}" text-anchor="end">0</text>`,
    `<text class="quiet" x="${MARGIN.left - 5}" y="${(y(most) + 4).toFixed(1)}" text-anchor="end">${short(most)}</text>`,
    `<text class="quiet" x="${WIDTH - MARGIN.right}" y="${HEIGHT - 7}" text-anchor="end">${(last / 60_000).toFixed(0)} min</text>`,
    ...charts.map(({ series }, n) => {
      const points = series.points.map(({ t, value }) => `${x(t).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
      return `<polyline class="${n === 0 ? 'first' : 'second'}" points="${points}"/>`
    }),
    ...(isLatency ? [] : charts.map(chart => trend(chart, last, x, y))),
  ].join('')
}

function verdict({ fit: { growth, allowed, passed } }: Chart, x: number, several: boolean): string {
  const by = `${growth < 0 ? '−' : '+'}${short(Math.abs(growth))}`
  if (allowed === null) return `<text class="quiet" x="${x}" y="28">${by}, not limited</text>`
  return `<text class="quiet ${passed ? 'good' : 'bad'}" x="${x}" y="28">${by} of ${short(allowed)}${several ? '' : ' allowed'}${passed ? '' : ': FAILED'}</text>`
}

/** The line that is laid from the end of the warm-up on. */
function trend({ fit: { perHour, mean, passed, allowed } }: Chart, last: number, x: (t: number) => number, y: (value: number) => number): string {
  const from = last * WARM_UP
  const line = (t: number): number => Math.max(0, mean + (perHour / 3_600_000) * (t - (from + last) / 2))
  const at = (t: number): string => `${x(t).toFixed(1)},${y(line(t)).toFixed(1)}`
  return `<path class="trend${allowed === null ? ' told-trend' : passed ? '' : ' bad-trend'}" d="M${at(from)} L${at(last)}"/>`
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
