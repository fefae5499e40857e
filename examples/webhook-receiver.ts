// Receives the events of a collection by a webhook, verified and each once, until one of its jobs is finished:
//
//   node webhook-receiver.ts photos http://127.0.0.1:8080/
//
// The last argument is where the server can reach this program. Beside it, WAYBILL_URL says where the server is, and WAYBILL_TOKEN who calls (an admin of the
// collection). For an address of this machine the server needs the settings webhookHttp and webhookAllow.
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { verifyWebhook, WaybillClient } from 'waybill/client'

const [collection = '', url = ''] = process.argv.slice(2)
const client = new WaybillClient({ url: process.env['WAYBILL_URL'] ?? 'http://127.0.0.1:7070', token: process.env['WAYBILL_TOKEN'] ?? '' })

// told this once: a receiver that is to outlive its process keeps it, and what it has seen, in its database
const { id, secret } = await client.webhooks.create({ url, collection })
const seen = new Set<string | string[] | undefined>()

const server = createServer((request, response) => {
  text(request)
    .then(async body => {
      const { data } = await verifyWebhook(secret, request.headers, body)
      response.writeHead(204).end()
      const again = seen.has(request.headers['webhook-id'])
      seen.add(request.headers['webhook-id'])
      if (again) return
      if (data.type === 'item.failed') console.log(`${data.source.path}: ${data.reason.message}`)
      if (data.type === 'job.finished') {
        console.log(`finished: ${data.outcome}`)
        await client.webhooks.delete(id)
        server.close()
      }
    })
    .catch((error: unknown) => {
      console.error(error)
      if (!response.headersSent) response.writeHead(400).end()
    })
})
server.listen(Number(new URL(url).port), () => console.log(`webhook ${id} is ready`))
