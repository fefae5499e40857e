import { describe, expect, it } from 'vitest'
import { SYS, VCARD, XSD, says, system, world } from './world.ts'
import type { InfotonWords } from './world.ts'

const of = world()
const ALONE = `"false"^^<${XSD}boolean>`
const PATH = '/reads.org/a/b'

/** Writes the infoton that the formats are tried with. */
async function sample(): Promise<InfotonWords> {
  await of().update(
    [
      `<http:/${PATH}> <${VCARD}FN> "John" .`,
      `<http:/${PATH}> <${VCARD}NOTE> "hallo"@de .`,
      `<http:/${PATH}> <${VCARD}N> "7"^^<${XSD}int> <http://example.org/g> .`,
      `<http:/${PATH}> <cmwell://meta/nn#knows> <http://reads.org/x> .\n`,
    ].join('\n'),
  )
  return of().infoton(PATH)
}

describe('an infoton', () => {
  it('is told in JSON with all that the system knows of it', async () => {
    const before = Date.now()
    const infoton = await sample()
    expect(infoton).toEqual({
      type: 'ObjectInfoton',
      system: {
        uuid: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        lastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        lastModifiedBy: 'alice',
        path: PATH,
        dataCenter: 'lh',
        indexTime: expect.any(Number) as number,
        protocol: 'http',
        parent: '/reads.org/a',
      },
      fields: { 'FN.vcard': ['John'], 'NOTE.vcard': ['hallo'], 'N.vcard': [7], knows: ['http://reads.org/x'] },
    })
    expect(Date.parse(infoton.system.lastModified)).toBeGreaterThanOrEqual(before)
    expect(infoton.system.indexTime).toBeGreaterThanOrEqual(before)
  })

  it('has its statements of the system in N-Triples, with the host that was asked', async () => {
    const { system: known } = await sample()
    const answer = await of().get(`${PATH}?format=ntriples`)
    expect(answer.headers.get('content-type')).toBe('text/plain;charset=UTF8')
    const sys = (name: string, object: string): string => `<http:/${PATH}> <http://${of().host}/meta/sys#${name}> ${object} .`
    expect(answer.body.trim().split('\n').toSorted()).toEqual(
      [
        sys('type', '"ObjectInfoton"'),
        sys('uuid', `"${known.uuid}"`),
        sys('path', `"${PATH}"`),
        sys('parent', '"/reads.org/a"'),
        sys('lastModified', `"${known.lastModified}"^^<${XSD}dateTime>`),
        sys('lastModifiedBy', '"alice"'),
        sys('dataCenter', '"lh"'),
        sys('protocol', '"http"'),
        sys('indexTime', `"${known.indexTime}"^^<${XSD}long>`),
        `<http:/${PATH}> <${VCARD}FN> "John" .`,
        `<http:/${PATH}> <${VCARD}NOTE> "hallo"@de .`,
        `<http:/${PATH}> <${VCARD}N> "7"^^<${XSD}int> .`,
        `<http:/${PATH}> <http://${of().host}/meta/nn#knows> <http://reads.org/x> .`,
      ].toSorted(),
    )
  })

  it('has the uuid in the third column of tsv and csv', async () => {
    const { system: known } = await sample()
    const row = [PATH, known.lastModified, known.uuid, String(known.indexTime)]
    expect((await of().get(`${PATH}?format=tsv`)).body).toBe(`${row.join('\t')}\n`)
    expect((await of().get(`${PATH}?format=csv`)).body).toBe(`${row.join(',')}\r\n`)
    expect((await of().get(`${PATH}?format=text`)).body).toBe(`${PATH}\n`)
  })

  it('has every other format, and the same uuid in each', async () => {
    const { system: known } = await sample()
    for (const [format, type] of [
      ['nquads', 'text/plain'],
      ['turtle', 'text/turtle'],
      ['n3', 'text/n3'],
      ['trig', 'text/plain'],
      ['rdfxml', 'application/rdf+xml'],
      ['jsonld', 'application/ld+json'],
      ['jsonldq', 'application/ld+json'],
      ['jsonl', 'application/json'],
      ['yaml', 'text/yaml'],
    ] as const) {
      const answer = await of().get(`${PATH}?format=${format}`)
      expect([answer.status, answer.headers.get('content-type')?.split(';')[0]], format).toEqual([200, type])
      expect(answer.body, format).toContain(known.uuid)
    }
    expect((await of().get(`${PATH}?format=nothing`)).status).toBe(400)
    expect((await of().get(`${PATH}?format=json&pretty`)).body).toContain('\n  "system"')
  })

  it('is told by Accept, and in JSON, when no format is named', async () => {
    await sample()
    expect((await of().get(PATH, { headers: { accept: 'text/turtle' } })).headers.get('content-type')).toMatch(/^text\/turtle/)
    expect((await of().get(PATH, { headers: { accept: 'text/html,*/*' } })).headers.get('content-type')).toMatch(/^application\/json/)
  })

  it('answers HEAD as GET, without the body', async () => {
    await sample()
    const answer = await of().send('HEAD', `${PATH}?format=json`)
    expect([answer.status, answer.body, answer.headers.get('content-type')?.split(';')[0]]).toEqual([200, '', 'application/json'])
  })
})

describe('what is not there', () => {
  it('is told in words', async () => {
    await of().update(says('/gone.org/a', 'FN', 'x'))
    for (const path of ['/gone.org/never', '/gone.org/a/b', '/never.org/a', '/never.org']) {
      const answer = await of().get(`${path}?format=json`)
      expect([answer.status, answer.headers.get('content-type'), answer.body], path).toEqual([404, 'text/plain; charset=utf-8', 'Infoton not found'])
    }
    await of().update(system('/gone.org/a', 'fullDelete', ALONE))
    const answer = await of().get('/gone.org/a?format=ntriples')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'text/plain; charset=utf-8'])
    const [tombstone] = await of().history('/gone.org/a')
    expect(answer.body).toBe(`Infoton was deleted on ${tombstone?.system.lastModified}`)
  })

  it('may come again, as something new', async () => {
    await of().update(says('/again.org/a', 'FN', '1') + says('/again.org/a', 'ORG', '1'))
    await of().update(system('/again.org/a', 'fullDelete', ALONE))
    await of().update(says('/again.org/a', 'FN', '2'))
    expect(await of().fields('/again.org/a')).toEqual({ 'FN.vcard': ['2'] })
  })
})

describe('with-history', () => {
  it('tells every version, each readable by its uuid', async () => {
    const path = '/history.org/a'
    await of().update(says(path, 'FN', '1'))
    await of().update(says(path, 'FN', '2'), 'format=nquads&replace-mode')
    await of().update(system(path, 'fullDelete', ALONE))
    await of().update(says(path, 'FN', '3'))
    const history = await of().history(path)
    expect(history.map(({ type, fields }) => [type, fields])).toEqual([
      ['ObjectInfoton', { 'FN.vcard': ['3'] }],
      ['DeletedInfoton', undefined],
      ['ObjectInfoton', { 'FN.vcard': ['2'] }],
      ['ObjectInfoton', { 'FN.vcard': ['1'] }],
    ])
    for (const version of history) {
      const answer = await of().get(`/ii/${version.system.uuid}?format=json`)
      expect([answer.status, JSON.parse(answer.body)]).toEqual([200, version])
    }
    const lines = await of().get(`${path}?with-history&format=ntriples`)
    expect(lines.body.split('\n').filter(line => line.includes('sys#uuid'))).toHaveLength(4)
    const rows = await of().get(`${path}?with-history&format=tsv`)
    expect(
      rows.body
        .trim()
        .split('\n')
        .map(row => row.split('\t')[2]),
    ).toEqual(history.map(({ system: { uuid } }) => uuid))
  })

  it('tells many, in their order', async () => {
    for (let n = 0; n < 50; n += 1) await of().in('format=ntriples&replace-mode', says('/history.org/many', 'FN', String(n)))
    await of().update(says('/history.org/many', 'N', 'last'))
    const values = (await of().history('/history.org/many')).map(({ fields }) => fields?.['FN.vcard']?.[0])
    expect(values).toEqual(['49', ...Array.from({ length: 50 }, (_, n) => String(49 - n))])
  })

  it('of what was never there is 404', async () => {
    expect((await of().get('/history.org/never?with-history&format=json')).body).toBe('Infoton not found')
  })
})

describe('/ii/<uuid>', () => {
  it('refuses what is no uuid, and does not know others', async () => {
    for (const uuid of ['x', 'A'.repeat(32), 'a'.repeat(31), 'g'.repeat(32)]) {
      const answer = await of().get(`/ii/${uuid}?format=json`)
      expect([answer.status, answer.body], uuid).toEqual([400, 'not a valid uuid format'])
    }
    expect((await of().get(`/ii/${'a'.repeat(32)}?format=json`)).status).toBe(404)
  })
})

describe('parents', () => {
  it('are there, empty, with their children', async () => {
    for (const name of ['x', 'y/z']) await of().update(says(`/parents.org/p/q/${name}`, 'FN', name))
    const parent = await of().infoton('/parents.org/p/q')
    expect([parent.type, parent.fields, parent.children?.map(({ system: { path } }) => path)]).toEqual([
      'CompoundInfoton',
      undefined,
      ['/parents.org/p/q/x', '/parents.org/p/q/y'],
    ])
    expect((await of().infoton('/parents.org/p')).children?.map(({ system: { path } }) => path)).toEqual(['/parents.org/p/q'])
    expect((await of().infoton('/parents.org/p/q/y')).children).toHaveLength(1)
  })

  it('are told a part at a time', async () => {
    await of().update(Array.from({ length: 12 }, (_, n) => says(`/paged.org/p/${String(n).padStart(2, '0')}`, 'FN', 'x')).join(''))
    const children = async (query: string): Promise<string[]> =>
      ((JSON.parse((await of().get(`/paged.org/p?format=json&${query}`)).body) as InfotonWords).children ?? []).map(({ system: { path } }) => path)
    expect(await children('length=3')).toEqual(['/paged.org/p/00', '/paged.org/p/01', '/paged.org/p/02'])
    expect(await children('length=3&offset=10')).toEqual(['/paged.org/p/10', '/paged.org/p/11'])
    expect(await children('length=0')).toEqual([])
    expect((await of().get('/paged.org/p?format=json&length=x')).status).toBe(400)
  })

  it('begin with the domain, which has no parent of its own', async () => {
    await of().update(says('/domain.org/a', 'FN', 'x'))
    const domain = await of().infoton('/domain.org')
    expect([domain.system.path, domain.system.parent, domain.children?.map(({ system: { path } }) => path)]).toEqual([
      '/domain.org',
      undefined,
      ['/domain.org/a'],
    ])
    await of().update(says('/domain.org', 'FN', 'the domain'))
    const written = await of().infoton('/domain.org')
    expect([written.type, written.fields, written.system.parent]).toEqual(['CompoundInfoton', { 'FN.vcard': ['the domain'] }, undefined])
    expect((await of().get('/domain.org?format=ntriples')).body).not.toContain('sys#parent')
    expect(written.children?.map(({ system: { path } }) => path)).toEqual(['/domain.org/a'])
  })
})

describe('paths', () => {
  it('are read as they were written, escaped or not', async () => {
    for (const [subject, path] of [
      ['http://paths.org/ü/日本', '/paths.org/ü/日本'],
      ['http://paths.org/a%20b', '/paths.org/a%20b'],
      ['http://paths.org/a%C3%BCb', '/paths.org/a%C3%BCb'],
      ['http://paths.org/a+b,c:d_e#f', '/paths.org/a+b,c:d_e#f'],
      ['http://paths.org//double//slash/', '/paths.org/double/slash'],
      ['https://paths.org/s', '/paths.org/s'],
      ['cmwell://paths.org/c', '/paths.org/c'],
      ['http://cm-well.example:9000/paths.org/own-host', '/paths.org/own-host'],
    ] as const) {
      expect(Object.keys(await of().update(`<${subject}> <${SYS}type> "OBJ" .\n<${subject}> <${VCARD}FN> ${JSON.stringify(path)} .`))).toEqual([path])
      const asked = path.replaceAll('#', '%23')
      const answer = await of().get(`${asked}?format=json`)
      expect(answer.status, subject).toBe(200)
      expect(JSON.parse(answer.body), subject).toMatchObject({ system: { path }, fields: { 'FN.vcard': [path] } })
    }
  })
})
