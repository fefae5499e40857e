// Prints the OpenAPI document that a server serves, in the form of docs/openapi.json; with `--check`, fails when that file has another.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../src/config.ts'
import { startServer } from '../src/main.ts'
import { printOrCheck } from './made-file.ts'

async function served(): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'waybill-openapi-'))
  const server = await startServer(loadConfig({ flags: { data, port: 0, logLevel: 'error' } }))
  try {
    const answer = await fetch(`${server.url}/openapi.json`)
    return `${JSON.stringify(await answer.json(), null, 2)}\n`
  } finally {
    await server.close()
    await rm(data, { recursive: true, force: true })
  }
}

await printOrCheck({ file: 'docs/openapi.json', script: 'openapi', what: 'what the server serves' }, served)
