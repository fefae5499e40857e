import { readFileSync } from 'node:fs'

/** Sets the clock of the process that it is loaded into: forth or back by the milliseconds in the file TORTURE_CLOCK, whenever these change. Time as it passes is left alone. */
const file = process.env['TORTURE_CLOCK']
if (file === undefined) throw new Error('TORTURE_CLOCK must name a file')

const LOOK_MS = 5
const { now: machines } = Date
let offset = 0
let lookedAt = -Infinity

Date.now = () => {
  if (performance.now() - lookedAt >= LOOK_MS) {
    offset = Number(readFileSync(file, 'utf8'))
    lookedAt = performance.now()
  }
  return machines() + offset
}
