import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { buildConsole } from '../test/support/console.ts'
import { startChromium } from '../test/support/servers/chromium.ts'
import { figure, grouped, median, say } from './figures.ts'
import { createCollections, fillByCopies, finished, submitCopy } from './jobs.ts'
import { sayMachine } from './machine.ts'
import type { Measured, Row, Scale } from './measured.ts'
import { inWorld, type World } from './world.ts'

/** How much is measured. */
interface Size {
  readonly items: number
  readonly opens: number
  readonly wheelSeconds: number
  readonly jumps: number
}

const SIZES: Readonly<Record<Scale, Size>> = {
  whole: { items: 1_000_000, opens: 7, wheelSeconds: 10, jumps: 30 },
  quick: { items: 100_000, opens: 3, wheelSeconds: 3, jumps: 10 },
  tiny: { items: 10_000, opens: 1, wheelSeconds: 0.5, jumps: 2 },
}
const VIEW = { width: 1280, height: 800 }
const TURN_PIXELS = 120
const TURNS_PER_SECOND = 60
/** Places all over the list, each far from the one before. */
const GOLDEN = 0.618034

/**
 * Part of every page: `look` says whether a row in view is blank, and `usable` when for the first time none was, in milliseconds since the navigation
 * began. `watch` looks in every frame until it is told to stop.
 */
const EYES = `(() => {
  const look = () => {
    const body = document.querySelector('.grid-body')
    if (body === null) return null
    const view = body.getBoundingClientRect()
    const rows = [...body.querySelectorAll('.grid-row')]
    const at = rows.filter(row => !row.classList.contains('blank')).map(row => row.getBoundingClientRect())
    const seen = at.reduce((sum, { top, bottom }) => sum + Math.max(0, Math.min(bottom, view.bottom) - Math.max(top, view.top)), 0)
    return { rows: rows.length, blank: seen < view.height - 1 }
  }
  const usable = new Promise(resolve => {
    const open = () => (look()?.blank === false ? resolve(performance.now()) : requestAnimationFrame(open))
    requestAnimationFrame(open)
  })
  const eyes = { usable }
  eyes.watch = () => {
    const seen = { frames: 0, blankFrames: 0, longestBlankMs: 0, rows: 0 }
    let whole = performance.now()
    let on = true
    const next = now => {
      const { rows, blank } = look()
      seen.frames++
      seen.rows = Math.max(seen.rows, rows)
      if (blank) {
        seen.blankFrames++
        seen.longestBlankMs = Math.max(seen.longestBlankMs, now - whole)
      } else whole = now
      if (on) requestAnimationFrame(next)
    }
    requestAnimationFrame(next)
    eyes.stop = () => {
      on = false
      return seen
    }
  }
  eyes.jump = share =>
    new Promise(resolve => {
      const body = document.querySelector('.grid-body')
      const begin = performance.now()
      body.scrollTop = (body.scrollHeight - body.clientHeight) * share
      // the next frame hears of the scrolling before it comes here
      const next = () => (look().blank ? requestAnimationFrame(next) : resolve({ ms: performance.now() - begin, rows: look().rows }))
      requestAnimationFrame(next)
    })
  globalThis.eyes = eyes
})()`

interface Watched {
  readonly frames: number
  readonly blankFrames: number
  readonly longestBlankMs: number
  readonly rows: number
}

/** The page of a big job: how soon it can be used, and what is blank while it is scrolled. See bench/README.md. */
export async function consoleBench(scale: Scale): Promise<Measured> {
  const size = SIZES[scale]
  await buildConsole()
  return inWorld(async world => {
    sayMachine(world.directory)
    const job = await finishedJob(world, size.items)
    const browser = await startChromium()
    try {
      say('browser', `Chromium ${browser.version()}, ${VIEW.width} x ${VIEW.height}`)
      return await measured(browser, world, `${world.server.url}/#/jobs/${job}`, size)
    } finally {
      await browser.close()
    }
  })
}

async function finishedJob({ http }: World, items: number): Promise<string> {
  await createCollections(http, 'big', 'copied')
  await fillByCopies(http, 'big', items)
  const job = await submitCopy(http, { collection: 'big', prefix: '' }, { collection: 'copied', prefix: '' })
  await finished(http, job, items)
  return job.id
}

async function measured(browser: Browser, { token }: World, address: string, size: Size): Promise<Measured> {
  const opens: number[] = []
  for (let round = 0; round < size.opens; round++) {
    const page = await opened(browser, token, address)
    opens.push(await usableAfter(page))
    await page.context().close()
  }
  say('usable after', `${median(opens).toFixed(0)} ms   (runs: ${opens.map(ms => ms.toFixed(0)).join(', ')})`)

  const page = await opened(browser, token, address)
  const wheel = await turned(page, size.wheelSeconds)
  const { frames, blankFrames, longestBlankMs } = wheel.watched
  say(
    'the wheel',
    `${grouped(wheel.rowsPerSecond)} rows/s, ${blankFrames} of ${frames} frames with a blank row, at the longest ${longestBlankMs.toFixed(0)} ms`,
  )

  const jumps: { ms: number; rows: number }[] = []
  for (let n = 1; n <= size.jumps; n++) jumps.push(await page.evaluate(`eyes.jump(${(n * GOLDEN) % 1})`))
  const times = jumps.map(({ ms }) => ms)
  say('jumps', `${median(times).toFixed(0)} ms until all rows are there, the slowest ${Math.max(...times).toFixed(0)} ms`)
  const rows = Math.max(wheel.watched.rows, ...jumps.map(jump => jump.rows))
  const heapMb = await heap(page)
  say('in the page', `${rows} rows at most, ${heapMb.toFixed(1)} MB`)
  const figures = {
    usable_ms: figure(median(opens)),
    usable_slowest_ms: figure(Math.max(...opens)),
    wheel_rows_per_second: figure(wheel.rowsPerSecond),
    wheel_blank_frames: Number((blankFrames / frames).toFixed(4)),
    wheel_longest_blank_ms: figure(longestBlankMs),
    jump_ms: figure(median(times)),
    jump_slowest_ms: figure(Math.max(...times)),
    rows_in_document: rows,
    heap_mb: figure(heapMb),
  }
  return { figures, rows: rowsOf(opens, times, wheel.watched, size) }
}

function rowsOf(opens: readonly number[], jumps: readonly number[], { longestBlankMs }: Watched, { items }: Size): Row[] {
  const page = `the page of a job of ${grouped(items)} items`
  return [
    { name: 'usable_ms', what: `${page}: until it can be used`, unit: 'ms', better: 'less', ours: opens },
    { name: 'wheel_longest_blank_ms', what: `${page}, the wheel turned: the longest blank row`, unit: 'ms', better: 'less', ours: [longestBlankMs] },
    { name: 'jump_ms', what: `${page}, a jump: until all rows are there`, unit: 'ms', better: 'less', ours: jumps },
  ]
}

/** The page in a context that knows nothing but the token, when all rows in view are there. */
async function opened(browser: Browser, token: string, address: string): Promise<Page> {
  const context = await browser.newContext({ viewport: VIEW })
  await context.addInitScript(`sessionStorage.setItem('waybill.token', ${JSON.stringify(token)})`)
  await context.addInitScript(EYES)
  const page = await context.newPage()
  await page.goto(address)
  await usableAfter(page)
  return page
}

function usableAfter(page: Page): Promise<number> {
  return page.evaluate('eyes.usable')
}

/** Turns the wheel over the list for so many seconds. */
async function turned(page: Page, seconds: number): Promise<{ readonly watched: Watched; readonly rowsPerSecond: number }> {
  await page.locator('.grid-body').hover()
  await page.evaluate('eyes.watch()')
  const begin = performance.now()
  for (let turn = 1; performance.now() - begin < seconds * 1000; turn++) {
    await page.mouse.wheel(0, TURN_PIXELS)
    await sleep(Math.max(0, begin + (turn * 1000) / TURNS_PER_SECOND - performance.now()))
  }
  const took = (performance.now() - begin) / 1000
  const watched = await page.evaluate<Watched>('eyes.stop()')
  const last = await page.evaluate<number>(`Math.max(...[...document.querySelectorAll('.grid-space .grid-row')].map(row => Number(row.ariaRowIndex)))`)
  return { watched, rowsPerSecond: last / took }
}

/** What the page's scripts hold, after what they no longer need is thrown away. */
async function heap(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('HeapProfiler.collectGarbage')
  return (await devtools.send('Runtime.getHeapUsage')).usedSize / 1e6
}
