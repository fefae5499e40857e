import { describe, expect, it } from 'vitest'
import { SYS, VCARD, XSD, idOf, says, system, world } from './world.ts'

const of = world()

/** A statement in N-Quads about `path`; without a graph in the default graph. */
function quad(path: string, value: string, graph?: string): string {
  return `<http:/${path}> <${VCARD}FN> ${value}${graph === undefined ? '' : ` <${graph}>`} .\n`
}

/** The values of FN with their graphs. */
async function values(path: string): Promise<string[]> {
  const answer = await of().get(`${path}?format=nquads`)
  const lines = answer.body.split('\n').filter(line => line.includes(`<${VCARD}FN>`))
  return lines.map(line => line.slice(line.indexOf('"'), -2)).toSorted()
}

const [G, H] = ['http://example.org/graphs/g', 'http://example.org/graphs/h']

describe('a flag', () => {
  it('is on when it is there, whatever it says', async () => {
    for (const query of ['tracking', 'tracking=', 'tracking=false', 'blocking', 'blocking=false', 'tracking=false&blocking=no']) {
      const answer = await of().in(`format=ntriples&${query}`, says('/flag.org/a', 'FN', query))
      expect([answer.status, answer.headers.get('x-cm-well-tid') === null], query).toEqual([200, false])
      expect(answer.body.includes('trackingStatus'), query).toBe(query.includes('blocking'))
    }
  })
})

describe('without a replace-mode', () => {
  it('values are added to those that are there', async () => {
    await of().update(quad('/plain.org/a', '"1"') + quad('/plain.org/a', '"2"', G))
    await of().update(quad('/plain.org/a', '"3"') + quad('/plain.org/a', '"1"'))
    expect(await values('/plain.org/a')).toEqual(['"1"', '"3"', `"2" <${G}>`].toSorted())
  })
})

describe('replace-mode', () => {
  let count = 0

  /** An infoton with the values 1 (default graph), 2 (G), 3 (H) and one of another field; replaced by `document`. */
  async function replaced(mode: string, document: (path: string) => string): Promise<string[]> {
    count += 1
    const path = `/replace.org/${count}`
    await of().update(quad(path, '"1"') + quad(path, '"2"', G) + quad(path, '"3"', H) + says(path, 'NICKNAME', 'stays'))
    await of().update(document(path), `format=nquads&${mode}`)
    expect(await of().fields(path)).toMatchObject({ 'NICKNAME.vcard': ['stays'] })
    return values(path)
  }

  it('empty, takes the old values from the graphs of the new ones', async () => {
    for (const mode of ['replace-mode', 'replace-mode=']) {
      expect(await replaced(mode, path => quad(path, '"new"', G))).toEqual(['"1"', '"new" <http://example.org/graphs/g>', `"3" <${H}>`].toSorted())
      expect(await replaced(mode, path => quad(path, '"new"'))).toEqual(['"new"', `"2" <${G}>`, `"3" <${H}>`].toSorted())
      expect(await replaced(mode, path => quad(path, '"x"') + quad(path, '"y"') + quad(path, '"z"', H))).toEqual(
        ['"x"', '"y"', `"2" <${G}>`, `"z" <${H}>`].toSorted(),
      )
    }
  })

  it('default, takes those in no graph', async () => {
    expect(await replaced('replace-mode=default', path => quad(path, '"new"', G))).toEqual([`"2" <${G}>`, `"3" <${H}>`, `"new" <${G}>`].toSorted())
  })

  it('*, takes all', async () => {
    expect(await replaced('replace-mode=*', path => quad(path, '"new"'))).toEqual(['"new"'])
  })

  it('with an IRI, takes those in that graph', async () => {
    expect(await replaced(`replace-mode=${encodeURIComponent(H)}`, path => quad(path, '"new"'))).toEqual(['"1"', '"new"', `"2" <${G}>`].toSorted())
  })

  it('with an alias, takes those in the graph of that name', async () => {
    const answer = await of().in('format=nquads', `<> <${SYS}graphAlias> "the-h" <${H}> .`)
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { success: true, message: `The graph [${H}] has the alias [the-h]` }])
    expect(await replaced('replace-mode=the-h', path => quad(path, '"new"'))).toEqual(['"1"', '"new"', `"2" <${G}>`].toSorted())
  })

  it('with an alias that nobody gave, or that another gave, is refused with 422', async () => {
    await of().in('format=nquads', `<> <${SYS}graphAlias> "bobs" <${H}> .`, { as: 'bob' })
    for (const alias of ['nobodys', 'bobs', 'constructor']) {
      const answer = await of().in(`format=nquads&tracking&replace-mode=${alias}`, quad('/replace.org/none', '"x"'))
      expect([answer.status, answer.headers.get('x-cm-well-tid')], alias).toEqual([422, null])
      expect(JSON.parse(answer.body), alias).toMatchObject({ success: false, error: expect.stringContaining(alias) as string })
    }
    expect((await of().get('/replace.org/none?format=json')).status).toBe(404)
  })

  it('replaces only the fields that the document speaks of, of each of its subjects', async () => {
    await of().update(says('/replace.org/x', 'FN', '1') + says('/replace.org/y', 'FN', '1') + says('/replace.org/y', 'ORG', '1'))
    await of().update(says('/replace.org/x', 'FN', '2') + says('/replace.org/y', 'ORG', '2'), 'format=ntriples&replace-mode')
    expect(await of().fields('/replace.org/x')).toEqual({ 'FN.vcard': ['2'] })
    expect(await of().fields('/replace.org/y')).toEqual({ 'FN.vcard': ['1'], 'ORG.vcard': ['2'] })
  })
})

describe('force', () => {
  it('lets a field have values of a second type', async () => {
    await of().update(quad('/force.org/a', `"1"^^<${XSD}int>`))
    const refused = await of().in('format=nquads&tracking', quad('/force.org/a', '"one"'))
    expect([refused.status, refused.headers.get('x-cm-well-tid')]).toEqual([400, null])
    expect(JSON.parse(refused.body)).toMatchObject({ success: false, error: expect.stringContaining('FN') as string })
    expect(await values('/force.org/a')).toEqual([`"1"^^<${XSD}int>`])
    expect(await of().update(quad('/force.org/a', '"one"'), 'format=nquads&force')).toEqual({ '/force.org/a': 'Done' })
    // now it has both
    expect(await of().update(quad('/force.org/b', '"two"'))).toEqual({ '/force.org/b': 'Done' })
    expect(await of().update(quad('/force.org/b', `"2"^^<${XSD}long>`))).toEqual({ '/force.org/b': 'Done' })
    expect((await of().in('format=nquads', quad('/force.org/b', `"true"^^<${XSD}boolean>`))).status).toBe(400)
  })

  it('is not needed for what nobody has stored yet', async () => {
    await of().in('format=nquads', quad('/force2.org/a', '"text"') + 'oops')
    expect(await of().update(quad('/force2.org/a', `"1"^^<${XSD}int>`))).toEqual({ '/force2.org/a': 'Done' })
  })
})

describe('dry-run', () => {
  it('checks everything and does nothing', async () => {
    const answer = await of().in('format=ntriples&dry-run', says('/rehearsal.org/a', 'FN', 'x'))
    expect([answer.status, JSON.parse(answer.body), answer.headers.get('x-cm-well-tid')]).toEqual([200, { success: true, 'dry-run': true }, null])
    for (const flags of ['dry-run&tracking', 'dry-run&blocking', 'dry-run=false&tracking&blocking']) {
      const tracked = await of().in(`format=ntriples&${flags}`, says('/rehearsal.org/a', 'FN', 'x'))
      expect([tracked.status, JSON.parse(tracked.body), tracked.headers.get('x-cm-well-tid')], flags).toEqual([200, { success: true, 'dry-run': true }, null])
    }
    expect((await of().get('/rehearsal.org?format=json')).status).toBe(404)
    expect((await of().server.call('alice', 'GET', '/v1/collections/rehearsal.org')).status).toBe(404)
  })

  it('is refused what the request itself would be refused', async () => {
    await of().update(says('/rehearsal.com/a', 'FN', 'x'), 'format=ntriples', { as: 'bob' })
    for (const [body, status] of [
      ['oops', 400],
      ['', 422],
      [says('/rehearsal.com/a', 'FN', 'y'), 403],
      [system('/rehearsal.org/a', 'prevUUID', '"nonsense"') + says('/rehearsal.org/a', 'FN', 'x'), 400],
    ] as const) {
      expect((await of().in('format=ntriples&dry-run', body)).status, body).toBe(status)
    }
  })

  it('is not there for jsonw', async () => {
    const answer = await of().in('format=jsonw&dry-run', '{}')
    expect([answer.status, JSON.parse(answer.body)]).toEqual([400, { success: false, error: 'dry-run is not implemented for wrapped requests.' }])
  })
})

describe('debug-log', () => {
  it('tells by what id the log names the request', async () => {
    const empty = await of().in('format=ntriples&debug-log', '')
    const id = empty.headers.get('x-cm-well-log-id') ?? ''
    expect(id).not.toBe('')
    expect(empty.body).toContain(`error logged with id [${id}]`)
    expect((await of().in('format=ntriples&debug-log', says('/log.org/a', 'FN', 'x'))).headers.get('x-cm-well-log-id')).not.toBe(id)
    expect((await of().in('format=ntriples', says('/log.org/a', 'FN', 'x'))).headers.get('x-cm-well-log-id')).toBeNull()
  })
})

describe('priority', () => {
  it('needs the right to it', async () => {
    for (const caller of ['alice', null]) {
      const answer = await of().in('format=ntriples&priority&tracking', says('/priority.org/a', 'FN', 'x'), { as: caller })
      expect([answer.status, JSON.parse(answer.body), answer.headers.get('x-cm-well-tid')]).toEqual([
        403,
        { success: false, message: 'User not authorized for priority write' },
        null,
      ])
    }
    expect((await of().get('/priority.org?format=json')).status).toBe(404)
  })

  it('makes a job of the highest priority', async () => {
    const headers = { 'x-cm-well-token': await of().server.token('alice', ['read', 'write', 'admin']) }
    const answer = await of().in('format=ntriples&priority&tracking', says('/priority.org/a', 'FN', 'x'), { headers })
    expect(await of().tracked(idOf(answer))).toEqual({ '/priority.org/a': 'Done' })
    const { items } = (await (await of().server.call('alice', 'GET', '/v1/jobs?limit=1')).json()) as { items: { priority: number; kind: string }[] }
    expect(items).toMatchObject([{ kind: 'update', priority: 9 }])
  })
})

describe('what the answer to a good request tells', () => {
  it('is nothing when there is nothing to tell', async () => {
    const answer = await of().in('format=ntriples', says('/told.org/a', 'FN', 'x'))
    expect(answer.body).toBe('{"success":true}')
  })

  it('is the prefix that a namespace got, the first time only', async () => {
    const body = '<http://told.org/a> <http://told.org/ontology/things#p> "x" .'
    expect(JSON.parse((await of().in('format=ntriples', body)).body)).toEqual({
      success: true,
      message: 'Naming namespace [http://told.org/ontology/things#] with prefix [things]',
    })
    expect((await of().in('format=ntriples', body)).body).toBe('{"success":true}')
    expect(await of().update(body)).toEqual({ '/told.org/a': 'Done' })
    expect(await of().fields('/told.org/a')).toMatchObject({ 'p.things': ['x'] })
  })

  it('is nothing of a namespace that is too long to have a prefix, or of one too many', async () => {
    const long = await of().in('format=ntriples', `<http://told.org/long> <http://told.org/${'x'.repeat(1500)}/p> "x" .`)
    expect([long.status, long.body]).toEqual([200, '{"success":true}'])
    const caller = { subject: 'collector', scopes: new Set(['write'] as const), tokenId: 'test' }
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`p${n}`, `http://told.org/${n}/`]))
    await of().server.engine.names.set(caller, 'prefix', many)
    const full = await of().in('format=ntriples', '<http://collector.org/a> <http://told.org/new-one/p> "x" .', { as: 'collector' })
    expect([full.status, full.body]).toEqual([200, '{"success":true}'])
  })

  it('is a prefix that the document declares', async () => {
    await of().in('format=ntriples', `<> <cmwell://meta/ns#mine> "http://told.org/mine/" .`)
    await of().update('<http://told.org/b> <http://told.org/mine/p> "x" .')
    expect(await of().fields('/told.org/b')).toEqual({ 'p.mine': ['x'] })
  })

  it('is what is conditional; several messages are a list', async () => {
    const guarded = (path: string): string => system(path, 'prevUUID', '""') + says(path, 'FN', 'x')
    const message = (path: string): string => `Conditional update for all statements with subject [${path}] has been emitted`
    expect(JSON.parse((await of().in('format=ntriples&dry-run', guarded('/told.org/c'))).body)).toEqual({
      success: true,
      'dry-run': true,
      message: message('/told.org/c'),
    })
    expect(JSON.parse((await of().in('format=ntriples', guarded('/told.org/c') + guarded('/told.org/d'))).body)).toEqual({
      success: true,
      messages: [message('/told.org/c'), message('/told.org/d')],
    })
  })

  it('is dropped when the answer is the status document', async () => {
    const answer = await of().in('format=ntriples&blocking', '<http://told.org/e> <http://told.org/other#p> "x" .')
    expect(answer.body).toBe('<http://told.org/e> <cmwell://meta/nn#trackingStatus> "Done" .\n')
  })
})
