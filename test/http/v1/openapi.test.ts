import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { testServer } from './golden.ts'

const { of } = testServer()
type Operation = { operationId?: string; tags?: string[]; security?: object[]; responses: Record<string, { description: string; content?: object }> }
type Document = { openapi: string; paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, unknown> } }

async function served(): Promise<Document> {
  return (await (await fetch(`${of().url}/openapi.json`)).json()) as Document
}

function operations(document: Document): [string, Operation][] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
  )
}

describe('the OpenAPI document', () => {
  it('is the one in docs/openapi.json; when it is meant to change: npm run --silent openapi > docs/openapi.json', async () => {
    const golden = JSON.parse(await readFile(new URL('../../../docs/openapi.json', import.meta.url), 'utf8')) as unknown
    expect(await served()).toEqual(golden)
  })

  it('has every call of the reference', async () => {
    expect(
      operations(await served())
        .map(([name]) => name)
        .sort(),
    ).toEqual([
      'delete /v1/collections/{collection}',
      'delete /v1/collections/{collection}/entries/{path}',
      'delete /v1/collections/{collection}/grants/{subject}',
      'delete /v1/collections/{collection}/lock',
      'delete /v1/collections/{collection}/locks/{path}',
      'delete /v1/tokens/{token}',
      'delete /v1/webhooks/{webhook}',
      'get /healthz',
      'get /metrics',
      'get /readyz',
      'get /v1/audit',
      'get /v1/collections',
      'get /v1/collections/{collection}',
      'get /v1/collections/{collection}/entries',
      'get /v1/collections/{collection}/entries/{path}',
      'get /v1/collections/{collection}/grants',
      'get /v1/collections/{collection}/lock',
      'get /v1/collections/{collection}/locks/{path}',
      'get /v1/collections/{collection}/metadata/{path}',
      'get /v1/collections/{collection}/versions/{path}',
      'get /v1/events',
      'get /v1/jobs',
      'get /v1/jobs/{job}',
      'get /v1/jobs/{job}/events',
      'get /v1/jobs/{job}/items',
      'get /v1/jobs/{job}/report',
      'get /v1/system',
      'get /v1/tokens',
      'get /v1/tokens/{token}',
      'get /v1/webhooks',
      'get /v1/webhooks/{webhook}',
      'get /v1/webhooks/{webhook}/deliveries',
      'get /v1/whoami',
      'patch /v1/collections/{collection}',
      'patch /v1/collections/{collection}/metadata/{path}',
      'post /v1/collections',
      'post /v1/jobs',
      'post /v1/jobs/{job}/cancel',
      'post /v1/jobs/{job}/pause',
      'post /v1/jobs/{job}/resume',
      'post /v1/jobs/{job}/retry',
      'post /v1/tokens',
      'post /v1/webhooks',
      'post /v1/webhooks/{webhook}/enable',
      'put /v1/collections/{collection}/entries/{path}',
      'put /v1/collections/{collection}/grants/{subject}',
      'put /v1/collections/{collection}/lock',
      'put /v1/collections/{collection}/locks/{path}',
    ])
  })

  it('names and describes every call, its answers and its token', async () => {
    const document = await served()
    expect(document.openapi).toBe('3.1.0')
    const all = operations(document)
    expect(new Set(all.map(([, operation]) => operation.operationId)).size).toBe(all.length)
    for (const [name, { tags, security, responses }] of all) {
      expect(tags, name).toHaveLength(1)
      expect(security, name).toEqual(/ \/(v1|metrics)/.test(name) ? [{ token: [] }] : undefined)
      for (const [status, { description, content }] of Object.entries(responses)) {
        expect(description, `${name} ${status}`).not.toBe('Default Response')
        if (Number(status) >= 400)
          expect(content, `${name} ${status}`).toEqual({ 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } })
      }
    }
  })

  it('refers only to schemas that it has', async () => {
    const document = await served()
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(match => match[1] ?? '')
    expect(references.length).toBeGreaterThan(50)
    expect(references.filter(name => !(name in document.components.schemas))).toEqual([])
  })
})
