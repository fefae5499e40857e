import autocannon from 'autocannon'
import type { LoadOrder, LoadResult } from './load.ts'

/** Requests a connection has ready before it starts, each another one: more than it sends in the measured time, unless the server is very quick. */
const PREPARED = 1000

/** The load generator's own process: takes one order, sends load until the time is over or it is told to stop, and answers with what it measured. */
process.once('message', (order: LoadOrder) => {
  let first = 0
  let last = 0
  let connection = 0
  const instance = autocannon(
    {
      url: order.url,
      connections: order.connections,
      duration: order.seconds,
      timeout: 30,
      headers: { authorization: `Bearer ${order.token}`, ...(order.submit ? { 'content-type': 'application/json' } : {}) },
      // with a rate, autocannon would add made-up samples for requests it might have sent; only real ones are wanted
      ...(order.rate === undefined ? {} : { overallRate: order.rate, ignoreCoordinatedOmission: true }),
      setupClient: client => {
        if (order.submit) client.setRequests(submissions(order.submit, connection++))
      },
    },
    (error, result) => {
      if (error !== null && error !== undefined) throw error
      const answered = result['2xx']
      const report: LoadResult = {
        answered,
        refused: result.non2xx + result.errors,
        perSecond: answered / ((last - first) / 1000),
        p50: result.latency.p50,
        p99: result.latency.p99,
        max: result.latency.max,
      }
      process.send?.(report, () => process.disconnect())
    },
  )
  instance.on('response', () => {
    last = performance.now()
    if (first === 0) first = last
  })
  process.once('message', () => instance.stop?.())
})
process.send?.('ready')

/** One-file jobs, each to a destination of its own. */
function submissions(submit: NonNullable<LoadOrder['submit']>, connection: number): autocannon.Request[] {
  return Array.from({ length: PREPARED }, (_, n) => ({
    method: 'POST' as const,
    path: '/v1/jobs',
    body: JSON.stringify({
      kind: 'copy',
      items: [{ source: { collection: submit.source, path: submit.path }, destination: { collection: submit.destination, path: `${connection}/${n}.bin` } }],
    }),
  }))
}
