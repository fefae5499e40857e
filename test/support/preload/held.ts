import { createServer } from 'node:http'
import { isMainThread } from 'node:worker_threads'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Tells, on a socket of its own (HELD_SOCKET), what the process it is loaded into holds: live heap (after a collection), and what is open in its event loop. */
const path = process.env['HELD_SOCKET']
if (path === undefined) throw new Error('HELD_SOCKET must name a socket')

if (isMainThread) {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const server = createServer((_, response) => {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    response.end(JSON.stringify({ heapUsed, external, handles: process.getActiveResourcesInfo().length }))
  })
  server.listen(path).unref()
}
