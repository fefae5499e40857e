import { shortNumber } from '../../lib/format.ts'
import { CHART_SECONDS } from '../../lib/rate.ts'

const HEIGHT = 40
const WIDTH = 240

/** Items in each second, of at most two minutes; its scale begins at zero and its top is named. */
export function RateChart({ values }: { readonly values: readonly number[] }) {
  const most = Math.max(...values, 1)
  const step = WIDTH / CHART_SECONDS
  const first = CHART_SECONDS - values.length
  return (
    <figure class="chart">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Items a second in the last ${values.length} s; at most ${shortNumber(most)}`}
      >
        {values.map((value, index) => {
          const height = (value / most) * HEIGHT
          return <rect key={index} x={(first + index) * step} y={HEIGHT - height} width={Math.max(step - 0.4, 0.5)} height={height} />
        })}
      </svg>
      <figcaption class="hint">items a second, last 2 min; top {shortNumber(most)}</figcaption>
    </figure>
  )
}
