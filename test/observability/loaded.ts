// Starts and ends a server with the settings given, and prints which libraries of metrics and traces it has loaded by then.
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig, type ConfigInput } from '../../src/config.ts'
import { startServer } from '../../src/main.ts'

const data = await mkdtemp(join(tmpdir(), 'waybill-loaded-'))
const server = await startServer(loadConfig({ flags: { data, port: 0, ...(JSON.parse(process.argv[2] ?? '{}') as ConfigInput) } }))
await server.close()
await rm(data, { recursive: true })
const packages = Object.keys(createRequire(import.meta.url).cache).map(file => /node_modules\/(prom-client|@opentelemetry\/[^/]+)\//.exec(file)?.[1])
// the interface alone, which other libraries have, too, does nothing
console.log(JSON.stringify([...new Set(packages)].filter(name => name !== undefined && name !== '@opentelemetry/api')))
