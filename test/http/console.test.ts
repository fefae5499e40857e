import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { registerConsole } from '../../src/http/console.ts'
import { RateLimiter } from '../../src/http/rate-limit.ts'
import { systemClock } from '../../src/system/clock.ts'
import { buildConsole, CONSOLE } from '../support/console.ts'
import { Http } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

/** All that is loaded before the first page is seen, compressed (docs/console.md). */
const MOST_BYTES = 150_000

let server: TestServer
let http: Http

beforeAll(async () => {
  await buildConsole()
  server = await startTestServer()
  http = new Http(server.url, await server.token('alice'))
}, 60_000)
afterAll(async () => {
  http.close()
  await server.close()
})

describe('the page of the console', () => {
  it('is at the root, under a policy that lets nothing in from elsewhere, and is asked for anew each time', async () => {
    const { status, headers, body } = await http.send('GET', '/')
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache', vary: 'accept-encoding' })
    const policy = headers['content-security-policy']
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).not.toMatch(/unsafe|https?:|\*/)
    // nothing that such a policy would stop
    expect(body).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/)
    for (const [, url = ''] of body.matchAll(/(?:src|href)="([^"]+)"/g)) expect(url).toMatch(/^\/(console\/assets\/|docs$)/)
    expect((await http.send('GET', '/', undefined, { 'if-none-match': headers.etag ?? '' })).status).toBe(304)
    expect((await http.send('GET', '/', undefined, { 'if-none-match': '"other"' })).status).toBe(200)
  })

  it('and all it loads is sent compressed, the same bytes in each coding, and its assets are kept for ever', async () => {
    const names = (await readdir(join(CONSOLE, 'assets'))).filter(name => /\.(js|css|svg)$/.test(name))
    expect(names.map(name => name.slice(name.lastIndexOf('.'))).sort()).toEqual(['.css', '.js', '.svg'])
    let total = (await http.send('GET', '/', undefined, { 'accept-encoding': 'gzip' })).bytes.length
    for (const name of names) {
      const url = `/console/assets/${name}`
      const plain = await http.send('GET', url)
      const gzip = await http.send('GET', url, undefined, { 'accept-encoding': 'gzip, br;q=0' })
      const br = await http.send('GET', url, undefined, { 'accept-encoding': 'gzip, deflate, br, zstd' })
      expect([plain.headers['content-encoding'], gzip.headers['content-encoding'], br.headers['content-encoding']]).toEqual([undefined, 'gzip', 'br'])
      expect(plain.bytes).toEqual(await readFile(join(CONSOLE, 'assets', name)))
      expect(gunzipSync(gzip.bytes)).toEqual(plain.bytes)
      expect(brotliDecompressSync(br.bytes)).toEqual(plain.bytes)
      expect(new Set([plain, gzip, br].map(answer => answer.headers.etag)).size).toBe(3)
      expect(br.headers).toMatchObject({ 'cache-control': 'public, max-age=31536000, immutable', 'x-content-type-options': 'nosniff' })
      total += gzip.bytes.length
    }
    expect(total).toBeLessThan(MOST_BYTES)
    expect((await http.send('GET', '/console/assets/other.js')).status).toBe(404)
    expect((await http.send('GET', '/console/assets/..%2findex.html')).status).toBe(404)
    expect((await http.send('POST', `/console/assets/${names[0] ?? ''}`)).status).toBe(405)
  })

  it('has a service worker, which may look after the root and call this server only', async () => {
    const { status, headers } = await http.send('GET', '/console/worker.js')
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'no-cache', 'service-worker-allowed': '/' })
    expect(headers['content-security-policy']).toBe("default-src 'none'; connect-src 'self'")
  })

  it('says in plain words when it was never built', async () => {
    for (const directory of [null, join(CONSOLE, 'none')]) {
      const app = fastify()
      app.decorate('rateLimiter', new RateLimiter(systemClock, 1000))
      await registerConsole(app, directory)
      const answer = await app.inject('/')
      expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
      expect(answer.body).toContain('npm run build')
      expect(answer.body).toContain('href="/docs"')
      await app.close()
    }
  })
})
