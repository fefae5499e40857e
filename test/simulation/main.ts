import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { Course } from './simulation.ts'
import type { Answer } from './worker.ts'

/**
 * `npm run simulate -- --steps N [--seed S] [--workers W]`: simulations, one seed after the other, until so many steps were made, each in a world of its own that
 * stays small; with workers so many at once. A failure names the seed that gives it again.
 */
const { values } = parseArgs({
  options: { steps: { type: 'string', default: '1000000' }, seed: { type: 'string' }, workers: { type: 'string', default: '1' } },
})
const STEPS_OF_ONE = 5_000
const steps = Number(values.steps)
const stepsOfOne = Math.min(steps, STEPS_OF_ONE)
const begun = Date.now()
let seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
/** Steps that were made, or are being made. */
let given = 0
const totals: Record<string, number> = { seeds: 0, steps: 0 }

function add(course: Course): void {
  const { steps: made, calls, passedMs, events, looked } = course
  given += made - stepsOfOne
  for (const [name, n] of Object.entries({ seeds: 1, steps: made, calls, virtualHours: passedMs / 3_600_000, ...events, ...looked }))
    totals[name] = (totals[name] ?? 0) + n
}

/** One seed after the other, until there are enough steps. */
function work(): Promise<void> {
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: { steps: stepsOfOne } })
  return new Promise((resolve, reject) => {
    const next = (): void => {
      if (given >= steps) {
        void worker.terminate().then(() => resolve())
        return
      }
      given += stepsOfOne
      worker.postMessage(seed++)
    }
    worker.on('error', reject)
    worker.on('message', (answer: Answer) => {
      if ('error' in answer) {
        console.error(`--seed ${answer.seed} --steps ${stepsOfOne}:`, answer.error)
        process.exit(1)
      }
      add(answer.course)
      next()
    })
    next()
  })
}

await Promise.all(Array.from({ length: Number(values.workers) }, work))
const made = totals['steps'] as number
const seconds = (Date.now() - begun) / 1000
const { user, system } = process.cpuUsage()
console.log(
  JSON.stringify(
    { ...totals, seconds, stepsPerMinute: Math.round((made / seconds) * 60), stepsPerCoreMinute: Math.round((made / (user + system)) * 60e6) },
    null,
    2,
  ),
)
