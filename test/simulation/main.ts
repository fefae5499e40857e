import { Worker } from 'node:worker_threads'
import { CommandLine } from '../support/command-line.ts'
import type { Course } from './simulation.ts'
import type { Answer } from './worker.ts'

const USAGE = `usage: npm run simulate -- [option ...]
Simulates servers, one seed after the other, and checks all along what the README promises; a million steps take a minute or two.
  --steps N      how many steps in all; each seed makes 5,000, and then what it takes until every job has ended (1000000)
  --seed N       the first seed (by chance)
  --workers N    how many seeds at once, each on a core of its own (1)
What was done is printed as one JSON object; what fails names its seed. Exit codes: 0 all held, 1 something did not, 2 it was not understood.`

// Each seed has a world of its own, which stays small.
const line = new CommandLine(USAGE, {
  steps: { type: 'string', default: '1000000' },
  seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  workers: { type: 'string', default: '1' },
})
const { values } = line.read()
const STEPS_OF_ONE = 5_000
const steps = line.number('steps', values.steps)
const workers = line.number('workers', values.workers)
const stepsOfOne = Math.min(steps, STEPS_OF_ONE)
const begun = Date.now()
let seed = line.number('seed', values.seed, { least: 0 })
console.error(`${steps} steps, seeds from ${seed} on`)
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

await Promise.all(Array.from({ length: workers }, work))
console.error('all held')
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
