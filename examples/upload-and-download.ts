// Uploads a file where nothing is yet, and downloads it again; both ways its SHA-256 is checked:
//
//   node upload-and-download.ts picture.png photos 2026/picture.png picture-again.png
//
// Beside it, WAYBILL_URL says where the server is, and WAYBILL_TOKEN who calls.
import { createWriteStream, openAsBlob } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ClientError, WaybillClient } from 'waybill/client'

const [file = 'picture.png', collection = 'photos', path = file, again = `${file}.again`] = process.argv.slice(2)
const client = new WaybillClient({ url: process.env['WAYBILL_URL'] ?? 'http://127.0.0.1:7070', token: process.env['WAYBILL_TOKEN'] ?? '' })

try {
  // A Blob is read from disk while it is sent. Its digest goes with it: the server stores nothing if other bytes arrive.
  const entry = await client.upload(collection, path, await openAsBlob(file), { mediaType: 'image/png', ifNoneMatch: '*' })
  console.log(`stored ${entry.size} bytes as version ${entry.version}, SHA-256 ${entry.digest}`)
} catch (error) {
  if (!(error instanceof ClientError && error.code === 'precondition_failed')) throw error
  console.log(`${collection}:${path} is there already, and stays as it is`)
}

const start = await client.download(collection, path, { range: { start: 0, end: 3 } })
console.log(`it begins with ${[...(await start.bytes())].join(' ')}`)

// The body fails, and with it the pipeline, when not all bytes come or when they are not those that were stored.
const whole = await client.download(collection, path)
if (whole.body !== null) await pipeline(Readable.fromWeb(whole.body), createWriteStream(again))
console.log(`wrote ${again}`)
