import { Presets, SingleBar } from 'cli-progress'
import { count, note, span } from './output.ts'

/** How far something is. `total` null while it is not known. */
export interface Progress {
  update(done: number, total: number | null, detail?: string): void
  stop(): void
}

/** Between plain lines, in milliseconds: a log should show that something moves, not fill up. */
const PLAIN_EVERY_MS = 2000

/** A bar on a terminal, a plain line now and then in a pipe or log; on standard error, so that standard output stays for results. */
export function startProgress(title: string, noun: string): Progress {
  return process.stderr.isTTY ? bar(title, noun) : plainLines(title, noun)
}

function bar(title: string, noun: string): Progress {
  const format = `${title} [{bar}] {percentage}% · {shown} ${noun} · {rate}/s{detail}`
  const single = new SingleBar(
    { format, stream: process.stderr, hideCursor: true, barsize: 28, fps: 8, gracefulExit: false, clearOnComplete: true, noTTYOutput: false },
    Presets.shades_classic,
  )
  const since = Date.now()
  single.start(1, 0, { shown: '0', rate: '0', detail: '' })
  return {
    update(done, total, detail) {
      const shown = total === null ? count(done) : `${count(done)} of ${count(total)}`
      single.setTotal(Math.max(1, total ?? done + 1))
      single.update(done, { shown, rate: count(done / Math.max(0.001, (Date.now() - since) / 1000)), detail: detail ? ` · ${detail}` : '' })
    },
    stop() {
      single.stop()
    },
  }
}

function plainLines(title: string, noun: string): Progress {
  const since = Date.now()
  let next = since + PLAIN_EVERY_MS
  return {
    update(done, total, detail) {
      if (Date.now() < next) return
      next = Date.now() + PLAIN_EVERY_MS
      const shown = total === null ? count(done) : `${count(done)} of ${count(total)}`
      note(`${title}: ${shown} ${noun} after ${span(Date.now() - since)}${detail ? `, ${detail}` : ''}`)
    },
    stop() {
      // a plain log needs no last stroke: the result follows
    },
  }
}
