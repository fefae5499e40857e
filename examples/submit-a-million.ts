// Submits a job whose items are made one after the other, as fast as the server takes them; they are nowhere in memory as a whole:
//
//   node submit-a-million.ts photos a.png archive 1000000
//
// Beside it, WAYBILL_URL says where the server is, and WAYBILL_TOKEN who calls.
import { type SubmitItem, WaybillClient } from 'waybill/client'

const [collection = 'photos', path = 'a.png', to = 'archive', count = '1000000'] = process.argv.slice(2)
const client = new WaybillClient({ url: process.env['WAYBILL_URL'] ?? 'http://127.0.0.1:7070', token: process.env['WAYBILL_TOKEN'] ?? '' })

function* items(): Generator<SubmitItem> {
  for (let n = 1; n <= Number(count); n++) yield { source: { collection, path }, destination: { collection: to, path: `copies/${n}` } }
}

// The function, not what it returns: so the client can begin anew, with the same idempotency key, when the line breaks.
// A generator from elsewhere (a database, a file) does as well, `items: rows()`; it may be an async one.
const job = await client.submit({ kind: 'copy', items })
console.log(`job ${job.id} has ${job.counts.total} items`)
console.log(`this program took ${Math.ceil(process.resourceUsage().maxRSS / 1024)} MiB of memory at most`)

const { outcome, counts } = await client.wait(job.id)
console.log(`${outcome}: ${counts.done} done`)
