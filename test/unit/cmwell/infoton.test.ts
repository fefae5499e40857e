import { describe, expect, it } from 'vitest'
import type { Infoton } from '../../../src/http/cmwell/infoton/infoton.ts'
import { infotonQuads, virtualInfoton } from '../../../src/http/cmwell/infoton/infoton.ts'
import { writeInfotons } from '../../../src/http/cmwell/infoton/infoton-writer.ts'
import { readJsonw } from '../../../src/http/cmwell/update/jsonw.ts'
import type { OwnOutput } from '../../../src/http/cmwell/rdf/formats.ts'
import { DocumentPrefixes } from '../../../src/http/cmwell/rdf/prefixes.ts'
import { XSD } from '../../../src/http/cmwell/rdf/terms.ts'
import { quadWriter } from '../../../src/http/cmwell/rdf/write.ts'

const FN = 'http://www.w3.org/2006/vcard/ns#FN'
const U = 'c94bf0de57f83874a6bb5983bdef4b8d'
const J: Infoton = {
  type: 'ObjectInfoton',
  path: '/example.org/J',
  uuid: U,
  lastModified: Date.parse('2020-01-02T03:04:05.678Z'),
  lastModifiedBy: 'pUser',
  dataCenter: 'lh',
  protocol: 'http',
  indexTime: 1577934245900,
  fields: {
    [FN]: ['J', { '@value': 'Jott', '@language': 'de', '@graph': 'http://g' }],
    age: [{ '@value': '31', '@type': `${XSD}int` }],
    friend: [{ '@id': 'http://example.org/K' }],
  },
}
const VIEW = { host: 'localhost:9000', prefixes: new DocumentPrefixes(), bag: false, pretty: false }

async function written(format: OwnOutput, infotons: readonly Infoton[], bag = false): Promise<string> {
  let text = ''
  for await (const piece of writeInfotons(format, infotons, { ...VIEW, bag })) text += piece
  return text
}

describe('an infoton as RDF', () => {
  it('has the fields of the system and its own', () => {
    const quads = infotonQuads(J, { host: 'localhost:9000', metaBase: 'http://localhost:9000/', system: true })
    expect(quadWriter('nquads').write(quads)).toBe(
      [
        `<http://example.org/J> <http://localhost:9000/meta/sys#type> "ObjectInfoton" .`,
        `<http://example.org/J> <http://localhost:9000/meta/sys#uuid> "${U}" .`,
        `<http://example.org/J> <http://localhost:9000/meta/sys#path> "/example.org/J" .`,
        `<http://example.org/J> <http://localhost:9000/meta/sys#parent> "/example.org" .`,
        `<http://example.org/J> <http://localhost:9000/meta/sys#lastModified> "2020-01-02T03:04:05.678Z"^^<${XSD}dateTime> .`,
        `<http://example.org/J> <http://localhost:9000/meta/sys#lastModifiedBy> "pUser" .`,
        `<http://example.org/J> <http://localhost:9000/meta/sys#dataCenter> "lh" .`,
        `<http://example.org/J> <http://localhost:9000/meta/sys#protocol> "http" .`,
        `<http://example.org/J> <http://localhost:9000/meta/sys#indexTime> "1577934245900"^^<${XSD}long> .`,
        `<http://example.org/J> <${FN}> "J" .`,
        `<http://example.org/J> <${FN}> "Jott"@de <http://g> .`,
        `<http://example.org/J> <http://localhost:9000/meta/nn#age> "31"^^<${XSD}int> .`,
        `<http://example.org/J> <http://localhost:9000/meta/nn#friend> <http://example.org/K> .`,
        '',
      ].join('\n'),
    )
  })

  it('a domain has nothing above it, and a deleted one without an index time none', () => {
    const names = infotonQuads({ ...J, path: '/example.org', indexTime: null, fields: {} }, { host: 'h', metaBase: 'cmwell://', system: true }).map(
      ({ predicate }) => predicate,
    )
    expect(names).not.toContain('cmwell://meta/sys#parent')
    expect(names).not.toContain('cmwell://meta/sys#indexTime')
  })

  it('a status is one line, as the published document has it', () => {
    const quads = infotonQuads(virtualInfoton('/permid.org/1-42965572445', { trackingStatus: ['Done'] }), { host: 'h', metaBase: 'cmwell://', system: false })
    expect(quadWriter('ntriples').write(quads)).toBe('<http://permid.org/1-42965572445> <cmwell://meta/nn#trackingStatus> "Done" .\n')
  })

  it('turtle has prefixes where names are simple', () => {
    const quads = infotonQuads({ ...J, fields: { [FN]: ['J'], 'http://example.org/ns#a.b': ['1'] } }, { host: 'h', metaBase: 'cmwell://', system: false })
    expect(quadWriter('turtle').write(quads)).toBe(
      '@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .\n<http://example.org/J> vcard:FN "J" ;\n  <http://example.org/ns#a.b> "1" .\n',
    )
  })
})

describe('infotons in the formats of the protocol', () => {
  it('json of a status, word for word', async () => {
    expect(await written('json', [virtualInfoton('/example.org/J', { trackingStatus: ['Done'] })], true)).toBe(
      '{"type":"BagOfInfotons","infotons":[{"type":"VirtualObjectInfoton","system":{"uuid":"0","lastModified":"1970-01-01T00:00:00.000Z","lastModifiedBy":"VirtualInfoton","path":"/example.org/J","dataCenter":"lh","protocol":"http","parent":"/example.org"},"fields":{"trackingStatus":["Done"]}}]}\n',
    )
  })

  it('json of an object, a file, a link', async () => {
    expect(JSON.parse(await written('json', [J]))).toMatchObject({
      type: 'ObjectInfoton',
      system: { uuid: U, indexTime: 1577934245900 },
      fields: { 'FN.vcard': ['J', 'Jott'], age: [31], friend: ['http://example.org/K'] },
    })
    const file = { ...J, type: 'FileInfoton', fields: {}, file: { mimeType: 'text/plain', length: 3, data: { encoding: 'text', content: 'abc' } } } as const
    expect(JSON.parse(await written('json', [file]))).toMatchObject({ type: 'FileInfoton', content: { mimeType: 'text/plain', length: 3, data: 'abc' } })
    const link = { ...J, type: 'LinkInfoton', fields: {}, link: { to: '/example.org/K', type: 1 } } as const
    expect(JSON.parse(await written('json', [link]))).toMatchObject({ linkTo: '/example.org/K', linkType: 1 })
    expect(JSON.parse(await written('json', [{ ...J, fields: {} }]))).not.toHaveProperty('fields')
  })

  it('jsonl has types, languages and graphs, a line each', async () => {
    const lines = (await written('jsonl', [J, J], true)).trimEnd().split('\n')
    expect(lines).toHaveLength(2)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      '@id.sys': [{ value: 'http://example.org/J', type: 'anyURI' }],
      'type.sys': [{ value: 'ObjectInfoton' }],
      'FN.vcard': [{ value: 'J' }, { value: 'Jott', lang: 'de', quad: 'http://g' }],
      age: [{ value: '31', type: `${XSD}int` }],
    })
  })

  it('csv, tsv and text are a line each; the uuid is the third column', async () => {
    expect(await written('tsv', [J], true)).toBe(`/example.org/J\t2020-01-02T03:04:05.678Z\t${U}\t1577934245900\n`)
    expect(await written('csv', [{ ...J, path: '/a,"b"', indexTime: null }], true)).toBe(`"/a,""b""",2020-01-02T03:04:05.678Z,${U},\r\n`)
    expect(await written('text', [J, { ...J, path: '/b' }], true)).toBe('/example.org/J\n/b\n')
  })

  it('yaml has its strings in quotes', async () => {
    const status = virtualInfoton('/b', { trackingStatus: ['Done'] })
    const lines = (await written('yaml', [status, status], true)).split('\n')
    expect(lines.slice(0, 6)).toEqual([
      'type: BagOfInfotons',
      'infotons:',
      '- type: "VirtualObjectInfoton"',
      '  system:',
      '    uuid: "0"',
      '    lastModified: "1970-01-01T00:00:00.000Z"',
    ])
    expect(lines.slice(-3)).toEqual(['    trackingStatus:', '      - "Done"', ''])
  })

  it('numbers stay exact', async () => {
    const values = ['9007199254740993', '1.10', '-5', '1e3', 'NaN', '007'].map(text => ({ '@value': text, '@type': `${XSD}decimal` }))
    const { fields } = JSON.parse(await written('json', [{ ...J, fields: { n: values, b: [{ '@value': 'true', '@type': `${XSD}boolean` }] } }])) as {
      fields: unknown
    }
    expect(fields).toEqual({ n: ['9007199254740993', 1.1, -5, '1e3', 'NaN', '007'], b: [true] })
  })
})

describe('jsonw', () => {
  const readText = (text: string) => readJsonw([Buffer.from(text)], new DocumentPrefixes())

  it('the example of the contract', async () => {
    expect(await readText('{"type":"ObjectInfoton","system":{"path":"/example.org/J"},"fields":{"FN.vcard":["J"]}}')).toMatchObject([
      { path: '/example.org/J', add: { [FN]: ['J'] }, remove: [{ what: 'field', field: '*', graph: '*' }], kind: 'object', prevUuid: null },
    ])
  })

  it('a bag of what format=json wrote', async () => {
    const link = { ...J, type: 'LinkInfoton', path: '/example.org/L', fields: {}, link: { to: '/example.org/K', type: 2 } } as const
    const file = {
      ...J,
      type: 'FileInfoton',
      path: '/example.org/F',
      file: { mimeType: 'image/png', length: 3, data: { encoding: 'base64', content: 'QUJD' } },
    } as const
    expect(await readText(await written('json', [J, link, file], true))).toMatchObject([
      {
        path: '/example.org/J',
        protocol: 'http',
        add: { [FN]: ['J', 'Jott'], age: [{ '@value': '31', '@type': `${XSD}int` }], friend: ['http://example.org/K'] },
      },
      { path: '/example.org/L', kind: 'link', link: { to: '/example.org/K', type: 2 } },
      { path: '/example.org/F', kind: 'file', file: { mimeType: 'image/png', data: { encoding: 'base64', content: 'QUJD' } } },
    ])
  })

  it('values with type, language and graph', async () => {
    const values = '[{"value":"http://a/b","type":"anyURI"},{"value":"x","lang":"en","quad":"http://g"},{"value":"y"},true,1.5,4294967296]'
    const [update] = await readText(`{"type":"ObjectInfoton","system":{"path":"/a"},"fields":{"x":${values}}}`)
    expect(update?.add['x']).toEqual([
      { '@id': 'http://a/b' },
      { '@value': 'x', '@language': 'en', '@graph': 'http://g' },
      'y',
      { '@value': 'true', '@type': `${XSD}boolean` },
      { '@value': '1.5', '@type': `${XSD}double` },
      { '@value': '4294967296', '@type': `${XSD}long` },
    ])
  })

  it.each([
    ['{', /the document is not valid JSON/],
    ['[]', /the document is not an object/],
    [`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`, /nested more than 64 levels deep/],
    ['{"type":"BagOfInfotons"}', /infotons is not an array/],
    ['{"type":"ObjectInfoton"}', /system.path is not a string/],
    ['{"type":"Nothing","system":{"path":"/a"}}', /unknown sys#type "Nothing"/],
    ['{"type":"ObjectInfoton","system":{"path":"/_in"}}', /one or more subjects in the document are not valid/],
    ['{"type":"ObjectInfoton","system":{"path":"/a"},"fields":{"a.b.c":["x"]}}', /no known prefix/],
    ['{"type":"ObjectInfoton","system":{"path":"/a"},"fields":{"a.unheard":["x"]}}', /no known prefix/],
    ['{"type":"ObjectInfoton","system":{"path":"/a"},"fields":{"1":["x"]}}', /illegal predicate localName/],
    ['{"type":"ObjectInfoton","system":{"path":"/a"},"fields":{"a":"x"}}', /fields.a is not an array/],
    ['{"type":"ObjectInfoton","system":{"path":"/a"},"fields":{"a":[null]}}', /a value of a is not an object/],
    [`{"type":"ObjectInfoton","system":{"path":"/a"},"fields":{"a":["${'x'.repeat(16_385)}"]}}`, /heavier than 16K/],
    ['{"type":"LinkInfoton","system":{"path":"/a"},"linkTo":"/b","linkType":9}', /linkType is 0/],
  ])('%#: what is none is refused', async (text, message) => {
    await expect(readText(text)).rejects.toThrow(message)
  })
})
