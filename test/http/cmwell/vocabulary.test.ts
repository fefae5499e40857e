import { describe, expect, it } from 'vitest'
import { SYS, VCARD, XSD, says, system, world } from './world.ts'

const of = world()
const RECURSIVE = `"true"^^<${XSD}boolean>`
const ALONE = `"false"^^<${XSD}boolean>`
const [G, H] = ['http://example.org/graphs/g', 'http://example.org/graphs/h']

function quad(path: string, name: string, object: string, graph?: string): string {
  return `<http:/${path}> <${VCARD}${name}> ${object}${graph === undefined ? '' : ` <${graph}>`} .\n`
}

/** The statements of an infoton's own fields, without their subject. */
async function own(path: string): Promise<string[]> {
  const answer = await of().get(`${path}?format=nquads`)
  if (answer.status !== 200) return [`${answer.status} ${answer.body}`]
  const lines = answer.body.split('\n').filter(line => line !== '' && !line.includes('/meta/sys#'))
  return lines.map(line => line.slice(line.indexOf('> ') + 2, -2).replace(`<${VCARD}`, '<')).toSorted()
}

describe('markReplace', () => {
  it('takes all values of a field, before the new ones come', async () => {
    await of().update(says('/replace.org/a', 'FN', '1') + says('/replace.org/a', 'ORG', '1'))
    await of().update(system('/replace.org/a', 'markReplace', `<${VCARD}FN>`) + says('/replace.org/a', 'FN', '2'), 'format=ntriples')
    expect(await own('/replace.org/a')).toEqual(['<FN> "2"', '<ORG> "1"'])
    await of().update(system('/replace.org/a', 'markReplace', `<${VCARD}FN>`))
    expect(await own('/replace.org/a')).toEqual(['<ORG> "1"'])
  })

  it('takes all fields, or those of a namespace', async () => {
    const other = '<http://replace.org/b> <http://replace.org/other#p> "stays" .\n'
    await of().update(says('/replace.org/b', 'FN', '1') + says('/replace.org/b', 'ORG', '1') + other)
    await of().update(system('/replace.org/b', 'markReplace', `<${VCARD}*>`), 'format=ntriples')
    expect(await own('/replace.org/b')).toEqual(['<http://replace.org/other#p> "stays"'])
    await of().update(system('/replace.org/b', 'markReplace', '<*>') + says('/replace.org/b', 'FN', '2'), 'format=ntriples')
    expect(await own('/replace.org/b')).toEqual(['<FN> "2"'])
    await of().update(system('/replace.org/b', 'markReplace', '<*>'), 'format=ntriples')
    // the last value is gone: an object without fields is left
    expect(await of().infoton('/replace.org/b')).toMatchObject({ type: 'ObjectInfoton' })
    expect(await of().infoton('/replace.org/b')).not.toHaveProperty('fields')
  })

  it('means one graph: the default one, that of the statement, or any', async () => {
    const all = quad('/replace.org/c', 'FN', '"1"') + quad('/replace.org/c', 'FN', '"2"', G) + quad('/replace.org/c', 'FN', '"3"', H)
    const mark = (graph: string): string => `<http://replace.org/c> <${SYS}markReplace> <${VCARD}FN>${graph} .`
    for (const [query, statement, left] of [
      ['format=ntriples', mark(''), [`<FN> "2" <${G}>`, `<FN> "3" <${H}>`]],
      ['format=nquads', mark(''), [`<FN> "2" <${G}>`, `<FN> "3" <${H}>`]],
      ['format=nquads', mark(` <${G}>`), ['<FN> "1"', `<FN> "3" <${H}>`]],
      ['format=nquads', mark(' <*>'), []],
    ] as const) {
      await of().update(all)
      await of().update(statement, query)
      expect(await own('/replace.org/c'), statement).toEqual(left)
    }
  })
})

describe('markDelete', () => {
  it('takes exactly these values', async () => {
    const typed = `"1"^^<${XSD}int>`
    await of().update(
      ['"1"', '"2"', '"1"@en', '<http://delete.org/1>'].map(object => quad('/delete.org/a', 'FN', object)).join('') + quad('/delete.org/a', 'N', typed),
    )
    const mark = (turtle: string): string => `@prefix v: <${VCARD}> . <http://delete.org/a> <${SYS}markDelete> [ ${turtle} ] .`
    await of().update(mark('v:FN "1", <http://delete.org/1> ; v:N "1", 1'), 'format=trig')
    // neither the text 1 nor the integer 1 is the int 1
    expect(await own('/delete.org/a')).toEqual(['<FN> "1"@en', '<FN> "2"', `<N> ${typed}`])
  })

  it('in a format without graphs matches any, else its own', async () => {
    const mark = (graph: string): string => `<http://delete.org/b> <${SYS}markDelete> _:b${graph} .\n_:b <${VCARD}FN> "1"${graph} .`
    for (const [query, statement, left] of [
      ['format=ntriples', mark(''), []],
      ['format=nquads', mark(''), [`<FN> "1" <${G}>`, `<FN> "1" <${H}>`]],
      ['format=nquads', mark(` <${G}>`), ['<FN> "1"', `<FN> "1" <${H}>`]],
    ] as const) {
      await of().update(quad('/delete.org/b', 'FN', '"1"') + quad('/delete.org/b', 'FN', '"1"', G) + quad('/delete.org/b', 'FN', '"1"', H))
      await of().update(statement, query)
      expect(await own('/delete.org/b'), statement).toEqual(left)
    }
  })

  it('removes first and adds then, and makes no infoton of the blank node', async () => {
    await of().update(says('/delete.org/c', 'FN', '1'))
    const done = await of().update(
      `<http://delete.org/c> <${SYS}markDelete> _:b .\n_:b <${VCARD}FN> "1" .\n${says('/delete.org/c', 'FN', '2')}`,
      'format=ntriples',
    )
    expect(done).toEqual({ '/delete.org/c': 'Done' })
    expect(await own('/delete.org/c')).toEqual(['<FN> "2"'])
  })

  it('of what is not there does nothing', async () => {
    const statement = `<http://delete.org/nothing> <${SYS}markDelete> _:b .\n_:b <${VCARD}FN> "1" .\n`
    expect(await of().update(statement)).toEqual({ '/delete.org/nothing': 'Done' })
    expect((await of().get('/delete.org/nothing?format=json')).status).toBe(404)
  })
})

describe('fullDelete', () => {
  it('deletes one infoton, not what is beneath it', async () => {
    await of().update(says('/full.org/a', 'FN', '1') + says('/full.org/a/b', 'FN', '1'))
    expect(await of().update(system('/full.org/a', 'fullDelete', ALONE))).toEqual({ '/full.org/a': 'Done' })
    expect((await of().get('/full.org/a?format=json')).body).toMatch(/^Infoton was deleted on \d{4}-/)
    expect(await of().fields('/full.org/a/b')).toEqual({ 'FN.vcard': ['1'] })
    expect(await of().update(system('/full.org/a/b', 'fullDelete', ALONE))).toEqual({ '/full.org/a/b': 'Done' })
    expect((await of().get('/full.org/a/b?format=json')).body).toMatch(/^Infoton was deleted on \d{4}-/)
  })

  it('deletes what is beneath, too, and lists it', async () => {
    await of().update(['t', 't/a', 't/a/b', 't/c', 'other', 'ta'].map(path => says(`/full.org/${path}`, 'FN', '1')).join(''))
    expect(await of().update(system('/full.org/t', 'fullDelete', RECURSIVE))).toEqual({
      '/full.org/t': 'Done',
      '/full.org/t/a': 'Done',
      '/full.org/t/a/b': 'Done',
      '/full.org/t/c': 'Done',
    })
    for (const path of ['t', 't/a', 't/a/b', 't/c']) expect((await of().get(`/full.org/${path}?format=json`)).status, path).toBe(404)
    for (const path of ['other', 'ta']) expect(await of().fields(`/full.org/${path}`)).toEqual({ 'FN.vcard': ['1'] })
  })

  it('refuses more than 500 beneath, and deletes 500', async () => {
    const some = (count: number): string => Array.from({ length: count }, (_, n) => says(`/many.org/t/${n}`, 'FN', '1')).join('')
    await of().update(some(501), 'format=ntriples')
    const refused = await of().in('format=ntriples&tracking', system('/many.org/t', 'fullDelete', RECURSIVE))
    expect([refused.status, refused.headers.get('x-cm-well-tid'), JSON.parse(refused.body)]).toEqual([
      400,
      null,
      { success: false, error: expect.stringMatching(/^recursive DELETE is forbidden for large \(>500 descendants\) infotons\. /) as string },
    ])
    expect(await of().fields('/many.org/t/500')).toEqual({ 'FN.vcard': ['1'] })
    await of().update(system('/many.org/t/500', 'fullDelete', ALONE))
    const done = await of().update(system('/many.org/t', 'fullDelete', RECURSIVE))
    expect(Object.keys(done)).toHaveLength(501)
    expect((await of().get('/many.org/t?format=json')).status).toBe(404)
  })

  it('with new values begins anew', async () => {
    await of().update(says('/full.org/n', 'FN', '1') + says('/full.org/n', 'ORG', '1'))
    expect(await of().update(system('/full.org/n', 'fullDelete', ALONE) + says('/full.org/n', 'FN', '2'))).toEqual({ '/full.org/n': 'Done' })
    expect(await own('/full.org/n')).toEqual(['<FN> "2"'])
  })

  it('of what is not there is done', async () => {
    expect(await of().update(system('/full.org/never', 'fullDelete', RECURSIVE))).toEqual({ '/full.org/never': 'Done' })
  })

  it('of a domain deletes all of it', async () => {
    await of().update(says('/whole.org/a', 'FN', '1') + says('/whole.org/b/c', 'FN', '1') + says('/whole.org', 'FN', 'root'))
    const done = await of().update(system('/whole.org', 'fullDelete', RECURSIVE))
    expect(new Set(Object.values(done))).toEqual(new Set(['Done']))
    for (const path of ['a', 'b/c', 'b']) expect((await of().get(`/whole.org/${path}?format=json`)).status, path).toBe(404)
  })
})

describe('replaceGraph', () => {
  it('empties the graph wherever the writer may write, before what the document adds', async () => {
    await of().update(quad('/graphs.org/a', 'FN', '"old"', G) + quad('/graphs.org/a', 'FN', '"default"') + quad('/graphs.org/a', 'ORG', '"other"', H))
    await of().update(quad('/graphs.com/b', 'FN', '"old"', G))
    await of().update(quad('/bobs.org/c', 'FN', '"old"', G), 'format=nquads', { as: 'bob' })
    const done = await of().update(`<> <${SYS}replaceGraph> <${G}> .\n${quad('/graphs.org/a', 'FN', '"new"', G)}`)
    expect(done).toEqual({ '/graphs.org/a': 'Done' })
    expect(await own('/graphs.org/a')).toEqual(['<FN> "default"', `<FN> "new" <${G}>`, `<ORG> "other" <${H}>`])
    expect(await own('/graphs.com/b')).toEqual([])
    expect((await of().infoton('/bobs.org/c', { as: 'bob' })).fields).toEqual({ 'FN.vcard': ['old'] })
  })

  it('reaches infotons in collections that were made otherwise, too', async () => {
    expect((await of().server.call('alice', 'POST', '/v1/collections', { id: 'plain' })).status).toBe(201)
    expect((await of().server.call('alice', 'PUT', '/v1/collections/plain/entries/d/a', 'bytes')).status).toBe(201)
    await of().update(`<cmwell://plain/d/a> <${VCARD}FN> "old" <${G}> .\n<cmwell://plain/d/b> <${VCARD}FN> "old" <${G}> .\n`)
    expect([await of().fields('/plain/d/a'), await of().fields('/plain/d/b')]).toEqual([{ 'FN.vcard': ['old'] }, { 'FN.vcard': ['old'] }])
    await of().update(`<> <${SYS}replaceGraph> <${G}> .\n`)
    expect([await of().fields('/plain/d/a'), await of().fields('/plain/d/b')]).toEqual([undefined, undefined])
    expect((await of().get('/plain/d/a')).body).toBe('bytes')
  })

  it('may stand alone, and several in one document', async () => {
    await of().update(quad('/graphs.org/d', 'FN', '"1"', G) + quad('/graphs.org/d', 'FN', '"2"', H) + quad('/graphs.org/d', 'FN', '"3"'))
    expect(await of().update(`<> <${SYS}replaceGraph> <${G}> .\n<> <${SYS}replaceGraph> <${H}> .\n`)).toEqual({})
    expect(await own('/graphs.org/d')).toEqual(['<FN> "3"'])
  })

  it('by who may write nowhere is done', async () => {
    expect(await of().update(`<> <${SYS}replaceGraph> <${G}> .\n`, 'format=nquads', { as: 'nobody-yet' })).toEqual({})
  })

  it('comes before a long document, whose first parts came long before it was read', async () => {
    await of().update(quad('/graphs.org/e0', 'FN', '"old"', G) + quad('/graphs.org/e11999', 'FN', '"old"', G))
    const body = Array.from({ length: 12_000 }, (_, n) => quad(`/graphs.org/e${n}`, 'FN', '"new"', G)).join('')
    await of().update(`${body}<> <${SYS}replaceGraph> <${G}> .\n`)
    for (const n of [0, 5000, 11_999]) expect(await own(`/graphs.org/e${n}`)).toEqual([`<FN> "new" <${G}>`])
  })
})
