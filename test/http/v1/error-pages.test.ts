import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CATALOGUE } from '../../../src/model/errors.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

const page = (path: string, accept: string): Promise<Response> => fetch(server.url + path, { headers: { accept } })

describe('the type of problem details', () => {
  it('leads to a page for people, and to JSON for those who ask for it', async () => {
    const { type } = (await (await fetch(`${server.url}/v1/jobs`)).json()) as { readonly type: string }
    expect(type).toBe('/errors/unauthenticated')
    const html = await page(type, 'text/html,application/xhtml+xml,*/*;q=0.8')
    expect([html.status, html.headers.get('content-type'), html.headers.get('vary')]).toEqual([200, 'text/html; charset=utf-8', 'accept'])
    expect(html.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(await html.text()).toContain('<code>waybill token create</code>')
    const json = await page(type, 'application/json')
    expect([json.status, await json.json()]).toEqual([
      200,
      { code: 'unauthenticated', ...CATALOGUE.unauthenticated, remedy: expect.stringMatching(/^Send a token .+\.$/) as string },
    ])
  })

  it('is there for every code', async () => {
    for (const code of Object.keys(CATALOGUE)) expect((await page(`/errors/${code}`, '*/*')).status, code).toBe(200)
  })

  it('leaves other paths to a collection of that name', async () => {
    await server.call('alice', 'POST', '/v1/collections', { id: 'errors' })
    await server.call('alice', 'PUT', '/v1/collections/errors/entries/mine', 'bytes')
    const mine = await server.call('alice', 'GET', '/errors/mine?format=json', undefined, {})
    expect([mine.status, await mine.text()]).toEqual([200, expect.stringContaining('"path":"/errors/mine"')])
    expect((await page('/errors/none', '*/*')).headers.get('content-type')).not.toContain('html')
  })
})
