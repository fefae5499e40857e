// Follows a job live, by its id, until it is finished. A line that breaks is made again, and no event is lost or comes twice:
//
//   node watch.ts 019a2b7e-0f5c-7d11-a6b4-3c6f1d2e4a55
//
// Beside it, WAYBILL_URL says where the server is, and WAYBILL_TOKEN who calls.
import { WaybillClient } from 'waybill/client'

const [id = ''] = process.argv.slice(2)
const client = new WaybillClient({ url: process.env['WAYBILL_URL'] ?? 'http://127.0.0.1:7070', token: process.env['WAYBILL_TOKEN'] ?? '' })

// Ctrl-C ends the watching; the job goes on
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

for await (const { type, data } of client.watch(id, { signal: stop.signal })) {
  switch (type) {
    case 'job.submitted':
      console.log(`a ${data.kind} job, submitted at ${data.at}`)
      break
    case 'job.resolved':
      console.log(`it has ${data.total} items`)
      break
    case 'job.progress':
      console.log(`${data.counts.done} of ${data.counts.total} done`)
      break
    case 'item.failed':
    case 'item.evicted':
      console.log(`${data.source.path}: ${data.reason.message}`)
      break
    case 'job.finished':
      console.log(`finished: ${data.outcome}`)
  }
}
