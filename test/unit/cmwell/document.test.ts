import { describe, expect, it } from 'vitest'
import { isWaybillError } from '../../../src/model/errors.ts'
import { UpdateDocument } from '../../../src/http/cmwell/update/document.ts'
import type { DocumentOperations } from '../../../src/http/cmwell/update/document-operations.ts'
import type { DocumentOptions } from '../../../src/http/cmwell/update/document.ts'
import type { RdfInput } from '../../../src/http/cmwell/rdf/formats.ts'
import { readRdf } from '../../../src/http/cmwell/rdf/read.ts'
import { XSD } from '../../../src/http/cmwell/rdf/terms.ts'
import { replaceModeOf } from '../../../src/http/cmwell/update/replace-mode.ts'
import type { SubjectUpdate } from '../../../src/http/cmwell/update/update.ts'
import { mergeUpdates } from '../../../src/http/cmwell/update/update.ts'

const U = 'c94bf0de57f83874a6bb5983bdef4b8d'
const V = '8029b2df973dd216375a7c5a7761a2be'
const P = 'http://example.org/ns#p'
const SYS = 'cmwell://meta/sys#'

interface Finished {
  readonly updates: SubjectUpdate[]
  readonly operations: DocumentOperations
}

/** The rest of a document, at once. */
function finished(reading: UpdateDocument): Finished {
  const updates: SubjectUpdate[] = []
  const rest = reading.finish()
  for (let next = rest.next(); ; next = rest.next()) {
    if (next.done === true) return { updates, operations: next.value }
    updates.push(...next.value)
  }
}

async function document(text: string, format: RdfInput = 'turtle', options: Partial<DocumentOptions> = {}): Promise<Finished> {
  const reading = new UpdateDocument({ format, documentId: 'D', logId: '7', ...options })
  for await (const quads of readRdf(format, [
    Buffer.from(
      `@prefix sys: <${SYS}> . @prefix nn: <http://any.host/meta/nn#> . @prefix e: <http://example.org/ns#> . @prefix x: <http://example.org/> .\n`.repeat(
        isTurtle(format),
      ) + text,
    ),
  ]))
    reading.add(quads)
  return finished(reading)
}

function isTurtle(format: RdfInput): number {
  return format === 'turtle' || format === 'trig' ? 1 : 0
}

async function one(text: string, format: RdfInput = 'turtle', options: Partial<DocumentOptions> = {}): Promise<SubjectUpdate> {
  const { updates } = await document(text, format, options)
  expect(updates).toHaveLength(1)
  return updates[0] as SubjectUpdate
}

describe('values', () => {
  it('are added by the predicate, those without a namespace by their name', async () => {
    const update = await one(`x:a e:p "v", "v", "w"@en, 1, true, x:b ; nn:name "n" .`)
    expect(update).toMatchObject({ path: '/example.org/a', protocol: 'http', remove: [], prevUuid: null, fullDelete: null, kind: null, continues: false })
    expect(update.add).toEqual({
      [P]: [
        'v',
        { '@value': 'w', '@language': 'en' },
        { '@value': '1', '@type': `${XSD}integer` },
        { '@value': 'true', '@type': `${XSD}boolean` },
        { '@id': 'http://example.org/b' },
      ],
      name: ['n'],
    })
  })

  it('keep their graphs', async () => {
    const update = await one(`x:g { x:a e:p "v", x:b . } x:a e:p "v" .`, 'trig')
    expect(update.add).toEqual({
      [P]: [{ '@value': 'v', '@graph': 'http://example.org/g' }, { '@id': 'http://example.org/b', '@graph': 'http://example.org/g' }, 'v'],
    })
  })

  it('of blank nodes make infotons of their own', async () => {
    const { updates } = await document(`x:a e:p [ e:p "inner" ] .`)
    expect(updates.map(({ path, add }) => [path, add[P]])).toEqual([
      ['/example.org/a', [{ '@id': 'cmwell://blank_node/ADn1' }]],
      ['/blank_node/ADn1', ['inner']],
    ])
  })

  it('of http and https subjects are of one infoton', async () => {
    const { updates } = await document(`<http://example.org/a> e:p "1" . <https://example.org/a> e:p "2" .`)
    expect(updates.map(({ path, add }) => [path, add[P]])).toEqual([['/example.org/a', ['1', '2']]])
  })
})

describe('replace-mode', () => {
  const aliases = (alias: string): string | undefined => (alias === 'mine' ? 'http://example.org/g' : undefined)
  const removed = async (parameter: string): Promise<unknown> =>
    (await one(`x:g { x:a e:p "v" . } x:a e:p "w" .`, 'trig', { replaceMode: replaceModeOf(parameter, aliases) })).remove.map(({ graph }) => graph)

  it('empty: the graph of each value', async () => {
    expect(await removed('')).toEqual(['http://example.org/g', null])
  })

  it('default, *, a graph, an alias', async () => {
    expect(await removed('default')).toEqual([null])
    expect(await removed('*')).toEqual(['*'])
    expect(await removed('http://example.org/h')).toEqual(['http://example.org/h'])
    expect(await removed('mine')).toEqual(['http://example.org/g'])
  })

  it('an unknown alias is 422', () => {
    expect(() => replaceModeOf('yours', aliases)).toThrow(/no graph has the alias "yours"/)
    try {
      replaceModeOf('yours', aliases)
    } catch (error) {
      expect(isWaybillError(error, 'unknown_graph_alias') && error.status).toBe(422)
    }
  })
})

describe('removals', () => {
  it('markReplace of a field, of all, of a namespace', async () => {
    const update = await one(`x:a sys:markReplace e:p, <*>, <http://example.org/ns#*>, nn:name .`)
    expect(update.remove).toEqual([
      { what: 'field', field: P, graph: null },
      { what: 'field', field: '*', graph: null },
      { what: 'namespace', namespace: 'http://example.org/ns#', graph: null },
      { what: 'field', field: 'name', graph: null },
    ])
  })

  it('markReplace in a graph, and in any', async () => {
    const update = await one(`<http://example.org/a> <${SYS}markReplace> <${P}> <http://g> .\n<http://example.org/a> <${SYS}markReplace> <*> <*> .`, 'nquads')
    expect(update.remove.map(({ graph }) => graph)).toEqual(['http://g', '*'])
  })

  it('markDelete of exact values, in any graph where the format has none', async () => {
    const update = await one(`x:a sys:markDelete [ e:p "v", 1 ; nn:name "n" ] .`)
    expect(update.add).toEqual({})
    expect(update.remove).toEqual([
      { what: 'value', field: P, value: 'v', graph: '*' },
      { what: 'value', field: P, value: { '@value': '1', '@type': `${XSD}integer` }, graph: '*' },
      { what: 'value', field: 'name', value: 'n', graph: '*' },
    ])
  })

  it('markDelete in formats with graphs is of its own graph', async () => {
    const lines = (graph: string): string => `_:b <${P}> "v" ${graph} .\n<http://example.org/a> <${SYS}markDelete> _:b ${graph} .\n`
    expect((await one(lines(''), 'nquads')).remove.map(({ graph }) => graph)).toEqual([null])
    expect((await one(lines('<http://g>'), 'nquads')).remove.map(({ graph }) => graph)).toEqual(['http://g'])
  })

  it('fullDelete, recursive or not', async () => {
    expect((await one(`x:a sys:fullDelete true .`)).fullDelete).toEqual({ recursive: true })
    expect((await one(`x:a sys:fullDelete "false"^^<${XSD}boolean> .`)).fullDelete).toEqual({ recursive: false })
  })
})

describe('prevUUID', () => {
  it('goes with the changes of its subject, whatever the host of its namespace', async () => {
    const { updates } = await document(`x:a <http://some.host/meta/sys#prevUUID> "${U}" ; e:p "v" . x:b sys:prevUUID "" ; e:p "v" . x:c e:p "v" .`)
    expect(updates.map(({ prevUuid }) => prevUuid)).toEqual([U, '', null])
  })

  it('alone is dropped, and meaningless where there is nothing else', async () => {
    expect((await document(`x:a sys:prevUUID "${U}" . x:b e:p "v" .`)).updates.map(({ path }) => path)).toEqual(['/example.org/b'])
  })
})

describe('files, links and kinds', () => {
  it('a file of base64 with fields', async () => {
    const update = await one(`x:a sys:type "FileInfoton" ; sys:mimeType "image/png" ; sys:base64-data "QUJD" ; e:p "v" .`)
    expect(update).toMatchObject({ kind: 'file', file: { mimeType: 'image/png', data: { encoding: 'base64', content: 'QUJD' } }, add: { [P]: ['v'] } })
  })

  it('a file of text has the media type of text', async () => {
    expect(await one(`x:a sys:data "text" .`)).toMatchObject({
      kind: 'file',
      file: { mimeType: 'text/plain; utf-8', data: { encoding: 'text', content: 'text' } },
    })
  })

  it('a link to a subject or to an address', async () => {
    expect(await one(`x:a sys:type "LinkInfoton" ; sys:linkTo x:b ; sys:linkType 2 .`)).toMatchObject({ kind: 'link', link: { to: '/example.org/b', type: 2 } })
    expect(await one(`x:a sys:linkTo "/example.org/c" .`)).toMatchObject({ kind: 'link', link: { to: '/example.org/c', type: null } })
  })

  it('a type alone is an update', async () => {
    expect(await one(`x:a sys:type "ObjectInfoton" .`)).toMatchObject({ kind: 'object', add: {} })
  })

  it("the system's fields need the right to overwrite", async () => {
    const text = `x:a e:p "v" ; sys:lastModified "2020-01-02T03:04:05.678Z" ; sys:dataCenter "lh" ; sys:indexTime 17 ; sys:uuid "${U}" ; sys:unheardOf "x" .`
    expect((await one(text)).system).toEqual({})
    expect((await one(text, 'turtle', { overwrite: true })).system).toEqual({
      lastModified: Date.parse('2020-01-02T03:04:05.678Z'),
      dataCenter: 'lh',
      indexTime: 17,
    })
  })
})

describe('what a document says of all infotons', () => {
  it('replaceGraph, graphAlias, prefixes of namespaces', async () => {
    const { updates, operations } = await document(
      `<> sys:replaceGraph x:g, x:h ; <cmwell://meta/ns#vcard> "http://www.w3.org/2006/vcard/ns#" . x:i { <> sys:graphAlias "mine" . }`,
      'trig',
    )
    expect(updates).toEqual([])
    expect(operations).toEqual({
      replaceGraphs: ['http://example.org/g', 'http://example.org/h'],
      graphAliases: [{ graph: 'http://example.org/i', alias: 'mine' }],
      namespaces: [{ prefix: 'vcard', namespace: 'http://www.w3.org/2006/vcard/ns#' }],
    })
  })
})

describe('refusals, each with the words of the protocol', () => {
  it.each([
    [`<urn:x:1> e:p "v" .`, `URI must be http://* or https://* or cmwell://*. other formats are not supported. got: 'urn:x:1' (isURI=true, isEmpty=false)`],
    [`<http://example.org/a?b=c> e:p "v" .`, 'illegal subject name: example.org/a?b=c'],
    [`<cmwell://_x> e:p "v" .`, 'requirement failed: one or more subjects in the document are not valid'],
    [`<cmwell://ii/x> e:p "v" .`, 'requirement failed: one or more subjects in the document are not valid'],
    [
      `x:a <http://example.org/ns#123> "v" .`,
      'requirement failed: illegal predicate localName: 123, predicate localName must conform the XML Namespaces 1.0 Recommendation: http://www.w3.org/TR/1999/REC-xml-names-19990114/#NT-NCName',
    ],
    [`x:a <p> "v" .`, 'the predicate <p> has no namespace; give an absolute IRI such as <http://www.w3.org/2006/vcard/ns#FN>'],
    [`x:a <http://example.org/$ns#p> "v" .`, "predicate namespace must not contain a dollar ('$') sign: http://example.org/$ns#"],
    [
      `x:a e:p "v"^^<http://example.org/a$b> .`,
      "custom types cannot contain '$' character. please encode as '%24' or use another type. type recieved: 'http://example.org/a$b'",
    ],
    [`x:a e:p "${'v'.repeat(16_385)}" .`, 'uploaded infoton, contains a value heavier than 16K.'],
    [`x:a e:p "v" ; sys:prevUUID "ABC" .`, 'requirement failed: invalid uuid supplied for path: [/example.org/a] and predicate prevUUID'],
    [`x:a e:p "v" ; sys:prevUUID x:b .`, 'requirement failed: invalid uuid supplied for path: [/example.org/a] and predicate prevUUID'],
    [`[] sys:prevUUID "${U}" .`, "requirement failed: prevUUID predicates can't operate on anonymous subjects."],
    [
      `x:a e:p "v" ; sys:prevUUID "${U}", "${V}" .`,
      `Atomic versioning must be unique per path. Document contained multiple base uuids: [${V},${U}] for path [/example.org/a]`,
    ],
    [`x:a e:p "v" ; sys:prevUUID "${U}" ; sys:fullDelete false .`, 'requirement failed: atomic updates cannot operate on multiple actions in a single ingest.'],
    [`x:a sys:markDelete "v" .`, "when using 'markDelete' API, one must supply an anonymous node as value"],
    [`x:a sys:markDelete [ sys:type "v" ] .`, 'requirement failed: sys fields not allowed for markDelete failed for: [cmwell://meta/sys#type]'],
    [`x:a sys:markReplace <http://example.org/123> .`, 'CM-Well could not resolve predicate [http://example.org/123] as a valid field to be markReplaced.'],
    [`x:a sys:markReplace sys:type .`, 'CM-Well could not resolve predicate [cmwell://meta/sys#type] as a valid field to be markReplaced.'],
    [`x:a sys:markReplace "FN.vcard" .`, 'requirement failed: the url: FN.vcard is not a valid predicate url for ingest.'],
    [`x:a sys:markReplace <cmwell://meta/nn#a.b> .`, "nn (No Namespace) fields aren't allowed to contain dots. [cmwell://meta/nn#a.b]"],
    [`x:a sys:fullDelete "maybe" .`, 'was expecting a boolean value stating if the delete is recursive or not for path: /example.org/a'],
    [`x:a sys:fullDelete x:b .`, 'was expecting a boolean value stating if the delete is recursive or not for path: /example.org/a'],
    [`<http://localhost:9000/> sys:fullDelete true .`, 'Deleting Root Infoton does not make sense!'],
    [`x:a e:p "v" ; sys:prevUUId "${U}" .`, 'unknown system predicate sys#prevUUId; the right spelling is sys#prevUUID'],
    [`<> sys:replaceGraph <*> .`, 'requirement failed: trying to delete all quads with <*> ? naughty...'],
    [`<> sys:replaceGraph <> .`, 'requirement failed: empty quad as value for `replaceGraph` is illegal...'],
    [
      `<> sys:replaceGraph ${Array.from({ length: 21 }, (_, index) => `x:g${index}`).join(', ')} .`,
      'requirement failed: maximum allowed `replaceGraph` statements per request exceeded (21 > 20).',
    ],
    [`<> sys:fullDelete true .`, 'operation [fullDelete] on <> with value [true] is not defined.'],
    [`<> e:p "v" .`, `URI must be http://* or https://* or cmwell://*. other formats are not supported. got: '' (isURI=true, isEmpty=true)`],
    [
      `x:a sys:type "Something" .`,
      'unknown sys#type "Something"; there are OBJ, ObjectInfoton, CompoundInfoton, FILE, FileInfoton, LINK, LinkInfoton, DEL, DeletedInfoton',
    ],
    [`x:a sys:base64-data "%%" .`, 'sys#base64-data of path: /example.org/a is not base64 (RFC 4648, section 4)'],
    [`x:a sys:linkType 7 .`, 'unknown sys#linkType "7"; 0 is permanent, 1 temporary, 2 forward'],
  ])('%s', async (text, message) => {
    const error: unknown = await document(text).catch((one: unknown) => one)
    expect(isWaybillError(error) ? [error.status, error.message] : error).toEqual([400, message])
  })

  it.each(['', '# nothing', `x:a sys:path "/example.org/a" .`, `x:a sys:prevUUID "${U}" .`])('without an effect: %s', async text => {
    const error: unknown = await document(text).catch((one: unknown) => one)
    expect(isWaybillError(error) ? [error.status, error.message] : error).toEqual([
      422,
      'ingested data was well formed, but is meaningless and has no affect. error logged with id [7].',
    ])
  })

  it('of two prevUUIDs in two graphs', async () => {
    const text = `x:g { x:a e:p "v" ; sys:prevUUID "${U}" . } x:h { x:a sys:prevUUID "${V}" . }`
    await expect(document(text, 'trig')).rejects.toThrow('Atomic versioning must be unique per path.')
  })
})

describe('a long document', () => {
  it('of more subjects than are taken is refused', async () => {
    const lines = Array.from({ length: 20 }, (_, index) => `<http://a.org/s${index}> <${P}> "x" .\n`).join('')
    await expect(document(lines, 'ntriples', { subjects: 19 })).rejects.toThrow('the document has more than 19 subjects; send it in parts')
    expect((await document(lines, 'ntriples', { subjects: 20 })).updates).toHaveLength(20)
  })

  it('hands out subjects while it is read; one that comes again is merged', () => {
    const reading = new UpdateDocument({ format: 'ntriples', documentId: 'D' })
    const subject = (number: number) => ({ kind: 'iri', value: `http://example.org/s${number}` }) as const
    const value = (text: string) => ({ kind: 'literal', value: text, datatype: `${XSD}string`, language: '' }) as const
    const stored = new Map<string, SubjectUpdate>()
    const store = (updates: readonly SubjectUpdate[]): void => {
      for (const update of updates) {
        const before = stored.get(update.path)
        expect(update.continues).toBe(before !== undefined)
        stored.set(update.path, before === undefined ? update : mergeUpdates(before, update))
      }
    }
    reading.add([{ subject: subject(1), predicate: `${SYS}prevUUID`, object: value(U), graph: null }])
    for (let number = 0; number < 10_000; number += 1) {
      reading.add([{ subject: subject(number), predicate: P, object: value('first'), graph: null }])
      store(reading.drain())
    }
    expect(stored.size).toBeGreaterThan(5000)
    reading.add([{ subject: subject(0), predicate: P, object: value('second'), graph: null }])
    reading.add([{ subject: subject(2), predicate: `${SYS}prevUUID`, object: value(V), graph: null }])
    store(finished(reading).updates)
    expect(stored.size).toBe(10_000)
    expect(stored.get('/example.org/s0')?.add).toEqual({ [P]: ['first', 'second'] })
    expect(stored.get('/example.org/s1')).toMatchObject({ prevUuid: U, add: { [P]: ['first'] } })
    expect(stored.get('/example.org/s2')).toMatchObject({ prevUuid: V, add: { [P]: ['first'] } })
  })
})
