import fastify from 'fastify'
import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { registerOpenapi } from '../../../src/http/openapi.ts'
import { takeFaults } from '../../support/contract/watch-servers.ts'

/** What is wrong with the answers of a server whose one route is documented to answer `{"a": integer}` with 200, and answers this. */
async function faultsOf(answer: { readonly status?: number; readonly type?: string; readonly body: string }): Promise<string[]> {
  const app = fastify()
  await registerOpenapi(app)
  const schema = { tags: ['jobs'], operationId: 'x', response: { 200: Type.Object({ a: Type.Integer() }) } }
  app.get('/v1/x', { schema }, (_request, reply) =>
    reply
      .code((answer.status ?? 200) as 200)
      .type(answer.type ?? 'application/json')
      .send(Buffer.from(answer.body)),
  )
  await app.listen({ port: 0, host: '127.0.0.1' })
  await (await fetch(`${app.listeningOrigin}/v1/x`)).text()
  await app.close()
  return takeFaults()
}

describe('an answer of a server under test', () => {
  it('that is as documented is no fault', async () => {
    expect(await faultsOf({ body: '{"a":1}' })).toEqual([])
  })

  it.each([
    ['a status that is not documented', { status: 418, body: '{}' }, 'answered 418, which is not documented'],
    ['another type', { type: 'text/plain', body: '{"a":1}' }, 'answered 200 as text/plain, documented as application/json'],
    ['what is not JSON', { body: '{"a":' }, 'answered 200 with what is not JSON'],
    ['a member of another type', { body: '{"a":"1"}' }, '/a must be integer'],
    ['a missing member', { body: '{}' }, 'required properties a'],
    ['a member that is not documented', { body: '{"a":1,"b":2}' }, 'additional properties'],
  ])('that has %s is one', async (_what, answer, words) => {
    const faults = await faultsOf(answer)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(words)
  })
})
