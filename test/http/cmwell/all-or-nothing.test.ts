import { describe, expect, it } from 'vitest'
import { SYS, VCARD, says, system, world } from './world.ts'

const of = world()

/** The collections and jobs of a subject, by /v1. */
async function left(subject: string): Promise<{ collections: string[]; jobs: number }> {
  const collections = (await (await of().server.call(subject, 'GET', '/v1/collections')).json()) as { items: { id: string }[] }
  const jobs = (await (await of().server.call(subject, 'GET', '/v1/jobs')).json()) as { items: unknown[] }
  return { collections: collections.items.map(({ id }) => id), jobs: jobs.items.length }
}

/** A document so long that its first parts are stored before its end is read. */
function long(domain: string, rest: string): string {
  return Array.from({ length: 12_000 }, (_, n) => says(`/${domain}/${n}`, 'FN', String(n))).join('') + rest
}

describe('a refused request', () => {
  it('names every subject that may not be written, and stores nothing of the others', async () => {
    await of().update(says('/bobs.org/a', 'FN', 'x'), 'format=ntriples', { as: 'bob' })
    await of().server.ledger.setGrant('bobs.org', 'carol', 'readonly')
    const body = says('/bobs.org/a', 'FN', 'y') + says('/carols.org/new', 'FN', 'y') + says('/bobs.org/b/c', 'FN', 'y') + says('/bobs.org/a', 'ORG', 'y')
    const answer = await of().in('format=ntriples&tracking', body, { as: 'carol' })
    expect([answer.status, answer.headers.get('x-cm-well-tid')]).toEqual([403, null])
    expect(JSON.parse(answer.body)).toEqual({ success: false, error: 'unauthorized paths:\n\t/bobs.org/a\n\t/bobs.org/b/c\n\n' })
    expect(await left('carol')).toEqual({ collections: ['bobs.org'], jobs: 0 })
    expect((await of().get('/carols.org/new?format=json', { as: 'carol' })).status).toBe(404)
    expect((await of().infoton('/bobs.org/a', { as: 'bob' })).fields).toEqual({ 'FN.vcard': ['x'] })
    // the domain is free for whoever comes first
    expect(await of().update(says('/carols.org/new', 'FN', 'z'), 'format=ntriples', { as: 'dave' })).toEqual({ '/carols.org/new': 'Done' })
  })

  it('names every subject to who has no token', async () => {
    const answer = await of().in('format=ntriples', says('/nobody.org/a', 'FN', 'x') + says('/nobody.org/b', 'FN', 'x'), { as: null })
    expect([answer.status, JSON.parse(answer.body)]).toEqual([403, { success: false, error: 'unauthorized paths:\n\t/nobody.org/a\n\t/nobody.org/b\n\n' }])
  })

  it('leaves nothing of a document that was stored in part', async () => {
    for (const [rest, status] of [
      ['<http://long.org/x> oops .', 400],
      [says('/bobs2.org/a', 'FN', 'y'), 403],
      [system('/long.org/0', 'prevUUID', '"oops"'), 400],
      [`<http://long.org/x> <${VCARD}FN> "1"^^<http://www.w3.org/2001/XMLSchema#int> .`, 200],
      [`<> <${SYS}replaceGraph> <*> .`, 400],
    ] as const) {
      await of().update(says('/bobs2.org/a', 'FN', 'x'), 'format=ntriples', { as: 'bob' })
      const dry = status === 200 ? '&dry-run' : ''
      const answer = await of().in(`format=ntriples${dry}`, long('long.org', rest), { as: 'erin' })
      expect(answer.status, answer.body.slice(0, 300)).toBe(status)
      expect(await left('erin')).toEqual({ collections: [], jobs: 0 })
    }
  })

  it('leaves nothing when a later part contradicts an earlier one that is stored already', async () => {
    const deletes =
      system('/long2.org/0', 'fullDelete', '"false"^^<http://www.w3.org/2001/XMLSchema#boolean>') + system('/long2.org/0', 'prevUUID', `"${'a'.repeat(32)}"`)
    const answer = await of().in('format=ntriples', long('long2.org', deletes), { as: 'frank' })
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      400,
      { success: false, error: expect.stringMatching(/atomic updates cannot operate on multiple actions in a single ingest/) as string },
    ])
    expect(await left('frank')).toEqual({ collections: [], jobs: 0 })
  })

  it('begins no more than a hundred domains', async () => {
    const domains = (count: number): string => Array.from({ length: count }, (_, n) => says(`/d${n}.example.org/a`, 'FN', 'x')).join('')
    const answer = await of().in('format=ntriples', domains(101), { as: 'grace' })
    expect([answer.status, JSON.parse(answer.body)]).toEqual([413, { success: false, error: expect.stringContaining('100 new domains') as string }])
    expect(await left('grace')).toEqual({ collections: [], jobs: 0 })
    expect(Object.keys(await of().update(domains(100), 'format=ntriples', { as: 'grace' }))).toHaveLength(100)
  })
})

describe('a document in parts', () => {
  it('is one update of each infoton, wherever its statements stand', async () => {
    const again = Array.from({ length: 12_000 }, (_, n) => says(`/parts.org/${n}`, 'ORG', String(n))).join('')
    const done = await of().update(long('parts.org', again) + system('/parts.org/7', 'markReplace', `<${VCARD}FN>`), 'format=ntriples')
    expect(Object.values(done)).toHaveLength(12_000)
    expect(new Set(Object.values(done))).toEqual(new Set(['Done']))
    expect(await of().history('/parts.org/7')).toMatchObject([{ fields: { 'FN.vcard': ['7'], 'ORG.vcard': ['7'] } }])
    expect(await of().history('/parts.org/11999')).toMatchObject([{ fields: { 'FN.vcard': ['11999'], 'ORG.vcard': ['11999'] } }])
  })
})
