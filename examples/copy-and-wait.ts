// Copies everything beneath a prefix into another collection, in one job, and waits until it is finished:
//
//   node copy-and-wait.ts photos 2026/ archive copies-of-2026/
//
// Beside it, WAYBILL_URL says where the server is, and WAYBILL_TOKEN who calls.
import { WaybillClient } from 'waybill/client'

const [from = 'photos', prefix = '', to = 'archive', beneath = prefix] = process.argv.slice(2)
const client = new WaybillClient({ url: process.env['WAYBILL_URL'] ?? 'http://127.0.0.1:7070', token: process.env['WAYBILL_TOKEN'] ?? '' })

const job = await client.submit({
  kind: 'copy',
  select: [{ source: { collection: from, prefix }, destination: { collection: to, prefix: beneath } }],
  label: `${from} to ${to}`,
})
console.log(`job ${job.id} is submitted`) // and durable: it goes on whatever happens to us

const { outcome, counts } = await client.wait(job.id, {
  onProgress: ({ counts }) => console.log(`${counts.done} of ${counts.total} done`),
})
console.log(`${outcome}: ${counts.done} copied, ${counts.failed} failed`)
process.exitCode = outcome === 'succeeded' ? 0 : 1
