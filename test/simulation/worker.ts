import { parentPort, workerData } from 'node:worker_threads'
import { simulate, type Course } from './simulation.ts'

/** What a worker answers to a seed. */
export type Answer = { readonly seed: number; readonly course: Course } | { readonly seed: number; readonly error: unknown }

const { steps } = workerData as { readonly steps: number }

const FRAMES = Error.stackTraceLimit

/** To trace every refusal would take a twentieth of the time. What fails fails again, with its traces. */
async function simulateQuickly(seed: number): Promise<Course> {
  Error.stackTraceLimit = 0
  try {
    return await simulate({ seed, steps })
  } catch {
    Error.stackTraceLimit = FRAMES
    return simulate({ seed, steps })
  }
}

parentPort?.on('message', (seed: number) => {
  simulateQuickly(seed).then(
    course => parentPort?.postMessage({ seed, course } satisfies Answer),
    (error: unknown) => parentPort?.postMessage({ seed, error } satisfies Answer),
  )
})
