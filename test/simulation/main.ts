import { parseArgs } from 'node:util'
import { simulate } from './simulation.ts'

/** `npm run simulate -- --steps N [--seed S]`: simulations, one seed after the other, until so many steps were made. A failure names the seed that gives it again. */
const { values } = parseArgs({ options: { steps: { type: 'string', default: '1000000' }, seed: { type: 'string' } } })
const STEPS_OF_ONE = 20_000
const steps = Number(values.steps)
const begun = Date.now()
let seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const totals: Record<string, number> = {}
for (let made = 0; made < steps; seed++) {
  try {
    const course = await simulate({ seed, steps: Math.min(steps - made, STEPS_OF_ONE) })
    made += course.steps
    for (const [name, n] of Object.entries({ steps: course.steps, ...course.events, ...course.looked })) totals[name] = (totals[name] ?? 0) + n
  } catch (error) {
    console.error(`seed ${seed}, ${Math.min(steps - made, STEPS_OF_ONE)} steps:`, error)
    process.exit(1)
  }
}
const seconds = (Date.now() - begun) / 1000
console.log(JSON.stringify({ ...totals, seconds, stepsPerMinute: Math.round(((totals['steps'] ?? 0) / seconds) * 60) }, null, 2))
