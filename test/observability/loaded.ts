// Starts and ends a server with each of the settings given, one after the other, and prints which libraries of metrics and traces are loaded after each.
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig, type ConfigInput } from '../../src/config.ts'
import { startServer } from '../../src/main.ts'

/** By name; without the interface of traces, which other libraries have, too, and which does nothing by itself. */
function loaded(): string[] {
  const packages = Object.keys(createRequire(import.meta.url).cache).map(file => /node_modules\/(prom-client|@opentelemetry\/[^/]+)\//.exec(file)?.[1])
  return [...new Set(packages)].filter(name => name !== undefined).filter(name => name !== '@opentelemetry/api')
}

const after: string[][] = []
for (const config of JSON.parse(process.argv[2] ?? '[]') as ConfigInput[]) {
  const data = await mkdtemp(join(tmpdir(), 'waybill-loaded-'))
  const server = await startServer(loadConfig({ flags: { data, port: 0, ...config } }))
  await server.close()
  await rm(data, { recursive: true })
  after.push(loaded())
}
console.log(JSON.stringify(after))
