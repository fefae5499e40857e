// Finds the items of a job that failed, says why, and tries them again, in the same job:
//
//   node retry-failed.ts 019a2b7e-0f5c-7d11-a6b4-3c6f1d2e4a55
//
// Beside it, WAYBILL_URL says where the server is, and WAYBILL_TOKEN who calls.
import { ClientError, isRetryable, WaybillClient } from 'waybill/client'

const [id = ''] = process.argv.slice(2)
const client = new WaybillClient({ url: process.env['WAYBILL_URL'] ?? 'http://127.0.0.1:7070', token: process.env['WAYBILL_TOKEN'] ?? '' })

try {
  const before = await client.wait(id)
  console.log(`${before.counts.failed} of ${before.counts.total} items failed`)
  for await (const { source, attempts, reason } of client.items(id, { states: ['failed'] })) {
    const hope = reason !== null && isRetryable(reason.code) ? 'passes by itself' : 'somebody has to mend it'
    console.log(`${source.path}, attempt ${attempts}: ${reason?.message} (${reason?.code}: ${hope})`)
  }
  await client.retry(id, ['failed'])
  const after = await client.wait(id)
  console.log(`${after.outcome}: ${after.counts.done} done, ${after.counts.failed} failed again`)
} catch (error) {
  if (!(error instanceof ClientError)) throw error
  // every refusal: the HTTP status, a code to decide by, a sentence for a person, and whether the same may succeed later
  console.error(`${error.status} ${error.code}: ${error.detail}${error.retryable ? ' (try again later)' : ''}`)
  process.exitCode = 1
}
