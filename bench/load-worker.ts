import type { LoadOrder, LoadResult } from './load.ts'
import { openConnection, type Connection } from './load-connection.ts'
import { requestsOf } from './load-requests.ts'

/** With a rate, requests become due evenly and are let go so often, in milliseconds. */
const TICK_MS = 5

/** The load generator's own process: takes one order, sends load until the time is over or it is told to stop, and answers with what it measured. */
process.once('message', (order: LoadOrder) => {
  const load = new Load(order, result => process.send?.(result, () => process.disconnect()))
  process.once('message', () => load.stop())
  void load.start()
})
process.send?.('ready')

/** One run: every connection sends its next request when the one before is answered, and with a rate when one is due. */
class Load {
  readonly #order: LoadOrder
  readonly #report: (result: LoadResult) => void
  readonly #connections: Connection[] = []
  readonly #timers: NodeJS.Timeout[] = []
  readonly #latencies: number[] = []
  /** What the connections do that may send but for the rate. */
  readonly #resting: (() => void)[] = []
  /** How many requests may have been sent by now. */
  #due: number
  #begun = 0
  #sent = 0
  #underWay = 0
  #refused = 0
  #first = 0
  #last = 0
  #stopped = false
  #reported = false

  constructor(order: LoadOrder, report: (result: LoadResult) => void) {
    this.#order = order
    this.#report = report
    this.#due = order.rate === undefined ? Infinity : 0
  }

  async start(): Promise<void> {
    const { connections, seconds, rate } = this.#order
    const senders = await Promise.all(Array.from({ length: connections }, (_, n) => this.#connect(n)))
    this.#begun = performance.now()
    this.#timers.push(setTimeout(() => this.stop(), seconds * 1000))
    if (rate !== undefined) this.#timers.push(setInterval(() => this.#letGo(rate), TICK_MS))
    for (const send of senders) send()
  }

  /** Sends nothing more; the result follows when everything that is under way is answered. */
  stop(): void {
    this.#stopped = true
    if (this.#underWay === 0) this.#finish()
  }

  /** Opens a connection; returns how it sends its next request, or rests. */
  async #connect(n: number): Promise<() => void> {
    const next = requestsOf(this.#order, n)
    let begun = 0
    const connection = await openConnection(new URL(this.#order.url), {
      answered: status => {
        this.#count(status, begun)
        send()
      },
      failed: error => {
        console.error(`a connection of the load generator failed: ${error.message}`)
        this.#refused++
        this.#finish()
      },
    })
    this.#connections.push(connection)
    const send = (): void => {
      if (this.#stopped) {
        if (this.#underWay === 0) this.#finish()
      } else if (this.#sent >= this.#due) this.#resting.push(send)
      else {
        this.#sent++
        this.#underWay++
        begun = performance.now()
        connection.send(next())
      }
    }
    return send
  }

  #count(status: number, begun: number): void {
    this.#underWay--
    this.#last = performance.now()
    if (this.#first === 0) this.#first = this.#last
    if (status >= 200 && status <= 299) this.#latencies.push(this.#last - begun)
    else this.#refused++
  }

  /** Lets resting connections send what has become due. What found no connection free is sent later: the rate holds on average. */
  #letGo(rate: number): void {
    this.#due = ((performance.now() - this.#begun) * rate) / 1000
    const ready = Math.ceil(this.#due - this.#sent)
    for (const send of this.#resting.splice(0, Math.max(ready, 0))) send()
  }

  #finish(): void {
    if (this.#reported) return
    this.#reported = true
    this.#stopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    for (const connection of this.#connections) connection.close()
    const sorted = Float64Array.from(this.#latencies).sort()
    this.#report({
      answered: sorted.length,
      refused: this.#refused,
      perSecond: sorted.length / ((this.#last - this.#first) / 1000),
      p50: percentile(sorted, 50),
      p99: percentile(sorted, 99),
      max: percentile(sorted, 100),
    })
  }
}

/** The least latency that so many per cent of the answers did not exceed (nearest rank), in milliseconds to two decimals. */
function percentile(sorted: Float64Array, percent: number): number {
  const latency = sorted[Math.max(Math.ceil((sorted.length * percent) / 100) - 1, 0)] ?? Number.NaN
  return Math.round(latency * 100) / 100
}
