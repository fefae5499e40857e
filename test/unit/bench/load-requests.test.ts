import { describe, expect, it } from 'vitest'
import { EACH } from '../../../bench/load.ts'
import { requestsOf } from '../../../bench/load-requests.ts'

const ORDER = { url: 'http://127.0.0.1:1234/v1/jobs?a=b', token: 'wb_x', connections: 2, seconds: 1 }

describe('the requests of the load generator', () => {
  it('are GETs without a body', () => {
    expect(requestsOf(ORDER, 0)().toString()).toBe('GET /v1/jobs?a=b HTTP/1.1\r\nHost: 127.0.0.1:1234\r\nAuthorization: Bearer wb_x\r\n\r\n')
  })

  it('have a name of their own in each body, and always its length', () => {
    const next = requestsOf({ ...ORDER, post: JSON.stringify({ to: EACH, async: true }) }, 7)
    const [first, second] = [next().toString(), next().toString()]
    expect(first).toContain('Content-Length: 36\r\n\r\n{"to":"7/00000000.bin","async":true}')
    expect(second).toBe(first.replace('00000000', '00000001'))
  })

  it('are the same again where nothing is different', () => {
    const next = requestsOf({ ...ORDER, post: '{"jobid":2}' }, 0)
    expect(next().toString()).toMatch(/^POST .*Content-Length: 11\r\n\r\n\{"jobid":2\}$/s)
    expect(next().toString()).toBe(next().toString())
  })
})
