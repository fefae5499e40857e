import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { RDF_INPUTS } from '../../../src/http/cmwell/rdf/formats.ts'
import type { RdfInput } from '../../../src/http/cmwell/rdf/formats.ts'
import { RDF } from '../../../src/http/cmwell/rdf/terms.ts'
import { isFileData } from '../../../src/http/cmwell/update/vocabulary.ts'
import { read, refusal } from './support.ts'

const XML = `<rdf:RDF xmlns:rdf="${RDF}" xmlns:a="http://a/">`
const DEEP = 10_000

describe('a document that breaks off', () => {
  it.each<[RdfInput, string]>([
    ['ntriples', '<http://a/s> <http://a/p> "unfinished'],
    ['ntriples', '<http://a/s> <http://a/p>'],
    ['nquads', '<http://a/s> <http://a/p> "x" <http://g'],
    ['turtle', '<http://a/s> <http://a/p> "unfinished'],
    ['turtle', '<http://a/s> <http://a/p> [ <http://a/q> 1'],
    ['n3', '<http://a/s> <http://a/p>'],
    ['trig', '<http://g> { <http://a/s> <http://a/p> 1 .'],
    ['rdfxml', `${XML}<rdf:Description rdf:about="http://a/s"><a:p>x</a:p>`],
    ['rdfxml', ''],
    ['jsonld', '{"@id":"http://a/s","http://a/p":"x"'],
    ['jsonld', '[{"@id":"http://a/s","http://a/p":"unfin'],
    ['jsonld', ''],
  ])('%s: %s', async (format, document) => {
    expect(await refusal(format, document)).toMatch(/^\[line: \d+, col: \d+ \] \S/)
  })
})

describe('the place of an error', () => {
  it.each<[RdfInput, string, string]>([
    ['ntriples', '<http://a/s> <http://a/p> "x" .\n<http://a/s> oops "x" .', '[line: 2, col: 14 ] Expected a predicate (<IRI>), found "oops \\"x\\" ."'],
    ['ntriples', '<http://a/s> <http://a/p> "x" <http://g> .', '[line: 1, col: 31 ] Expected "." at the end of the statement'],
    ['ntriples', '<http://a/s> <http://a/p> "\\q" .', '[line: 1, col: 27 ] Unknown escape sequence'],
    ['ntriples', '<http://a/s> <http://a/p> "\\ud800" .', '[line: 1, col: 27 ] Unknown escape sequence'],
    ['ntriples', '<http://a/s> <http://a/p> "x', '[line: 1, col: 27 ] Broken token'],
    ['ntriples', '<http://a/s t> <http://a/p> "x" .', '[line: 1, col: 1 ] Bad IRI "http://a/s t"'],
    ['turtle', '<http://a/s> <http://a/p> "x" .\n  oops .', '[line: 2, col: '],
    ['turtle', '\n\n<http://a/s> v:p "x" .', '[line: 3, col: 14 ] Undefined prefix "v:"'],
    ['rdfxml', `${XML}\n<rdf:Description rdf:about="http://a/s"></a:p></rdf:RDF>`, '[line: 2, col: '],
    ['jsonld', '{"@id":\n oops}', '[line: 2, col: 2 ] not valid JSON at "oops}"'],
    ['jsonld', '[{"@id":"http://a/s",}]', '[line: 1, col: 22 ] not valid JSON at "}]"'],
    ['jsonld', '{"a" 1}', '[line: 1, col: 6 ]'],
    ['jsonld', '{"a":\n"\\x"}', '[line: 2, col: 1 ]'],
    ['jsonld', '[1] [2]', '[line: 1, col: 5 ]'],
    ['jsonld', '[1,,2]', '[line: 1, col: 4 ]'],
    ['jsonld', '[01]', '[line: 1, col: 3 ]'],
  ])('%s: %s', async (format, document, message) => {
    expect(await refusal(format, document)).toContain(message)
  })
})

describe('nesting', () => {
  it.each<[RdfInput, string]>([
    ['turtle', `<http://a/s> <http://a/p> ${'[ <http://a/q> '.repeat(DEEP)}`],
    ['turtle', `<http://a/s> <http://a/p> ${'('.repeat(DEEP)}`],
    ['trig', `<http://g> { <http://a/s> <http://a/p> ${'('.repeat(DEEP)}`],
    ['n3', `${'{'.repeat(DEEP)}`],
    ['turtle', `<http://a/s> <http://a/p> ${'<<( <http://a/s> <http://a/p> '.repeat(DEEP)}`],
    ['rdfxml', `${XML}${'<rdf:Description><a:p>'.repeat(DEEP)}`],
    ['rdfxml', `${XML}<rdf:Description><a:p rdf:parseType="Literal">${'<b>'.repeat(DEEP)}`],
    ['jsonld', `${'{"http://a/p":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`],
    ['jsonld', `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`],
    ['jsonld', `{"@context":${'['.repeat(DEEP)}`],
  ])('%s 10,000 deep is refused', async (format, document) => {
    expect(await refusal(format, document)).toMatch(/nested more than 100 deep|not supported/)
  })
})

describe('XML', () => {
  const laughs = `<!DOCTYPE rdf:RDF [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>`
  it('takes no document type, so that nothing can expand', async () => {
    expect(await refusal('rdfxml', `${laughs}${XML}<rdf:Description rdf:about="http://a/s"><a:p>&c;</a:p></rdf:Description></rdf:RDF>`)).toMatch(
      /<!DOCTYPE>.*not allowed/,
    )
  })

  it('takes no entity of the document', async () => {
    expect(await refusal('rdfxml', `${XML}<rdf:Description rdf:about="http://a/s"><a:p>&c;</a:p></rdf:Description></rdf:RDF>`)).toMatch(
      /^\[line: 1, col: \d+ \] undefined entity/,
    )
  })

  it('takes nothing from outside', async () => {
    expect(await refusal('rdfxml', `<!DOCTYPE x SYSTEM "file:///etc/passwd">${XML}</rdf:RDF>`)).toMatch(/not allowed/)
  })
})

describe('remote contexts', () => {
  it.each([
    '{"@context":"http://127.0.0.1:1/context","@id":"http://a/s","name":"x"}',
    '{"@context":[{"a":"http://a/"},"http://127.0.0.1:1/context"],"@id":"http://a/s","a:name":"x"}',
    '{"@context":{"@import":"http://127.0.0.1:1/context"},"@id":"http://a/s","a:name":"x"}',
    '{"@context":{"a":{"@id":"http://a/p","@context":"http://127.0.0.1:1/context"}},"@id":"http://a/s","a":{"@id":"http://a/t"}}',
    '{"@context":"relative","@id":"http://a/s","a":{"@id":"http://a/t"}}',
  ])('are never fetched: %s', async document => {
    expect(await refusal('jsonld', document)).toMatch(/the remote context "[^"]+" is not fetched; put the context's content into the document/)
  })
})

describe('bytes that are not UTF-8', () => {
  it.each(RDF_INPUTS)('%s', async format => {
    const document = Buffer.concat([Buffer.from(format === 'jsonld' ? '[\n "é' : '#\n#\u00e9'), Buffer.from([0xff, 0x41])])
    expect(await refusal(format, format === 'rdfxml' ? Buffer.concat([Buffer.from('<!--\n  '), Buffer.from([0xc3, 0x28])]) : document)).toMatch(
      /^\[line: 2, col: \d \] the bytes are not valid UTF-8; send the document in UTF-8$/,
    )
  })

  it('a character that the end cuts off', async () => {
    expect(await refusal('ntriples', Buffer.from('#é').subarray(0, 2))).toBe('[line: 1, col: 2 ] the bytes are not valid UTF-8; send the document in UTF-8')
  })

  it('overlong forms and surrogates', async () => {
    for (const bytes of [[0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x80]]) {
      expect(await refusal('ntriples', Buffer.from([0x23, ...bytes]))).toMatch(/^\[line: 1, col: 2 \]/)
    }
  })
})

describe('bad IRIs', () => {
  it.each<[RdfInput, string]>([
    ['ntriples', '<http://a/\\u0020> <http://a/p> "x" .'],
    ['turtle', '<http://a/b c> <http://a/p> "x" .'],
    ['turtle', '<http://a/\\u0020> <http://a/p> "x" .'],
    ['rdfxml', `${XML}<rdf:Description rdf:about="http://a/b c"><a:p>x</a:p></rdf:Description></rdf:RDF>`],
  ])('%s: %s', async (format, document) => {
    expect(await refusal(format, document)).toMatch(/IRI|Unexpected|Invalid/)
  })

  it('an endless token is not quoted in full', async () => {
    expect((await refusal('turtle', 'a'.repeat(100_000))).length).toBeLessThan(400)
  })

  it('that are endless', async () => {
    expect(await refusal('ntriples', `<http://a/${'x'.repeat(5000)}> <http://a/p> "x" .`)).toMatch(
      /^\[line: 1, col: 1 \] the IRI "http:.{75}…" is longer than 4096 characters$/,
    )
    expect(await refusal('turtle', `<http://a/s> <http://a/p> <http://a/${'x'.repeat(5000)}> .`)).toMatch(/longer than 4096/)
  })
})

describe('limits', () => {
  const statement = (text: string, predicate = 'http://a/p'): string => `<http://a/s> <${predicate}> "${text}" .`

  it('a literal of 16,384 bytes is taken, one of a byte more is not', async () => {
    expect(await read('ntriples', statement('é'.repeat(8192)))).toHaveLength(1)
    for (const format of ['ntriples', 'turtle'] as const) {
      expect(await refusal(format, statement(`${'é'.repeat(8192)}x`))).toBe('uploaded infoton, contains a value heavier than 16K.')
    }
  })

  it("a file's bytes may be longer", async () => {
    const document = statement('QUJD'.repeat(20_000), 'cmwell://meta/sys#base64-data')
    expect(await read('turtle', document, {}, { isFileData })).toHaveLength(1)
    expect(await refusal('turtle', document)).toMatch(/16K/)
  })

  it('an endless literal is refused before it is held', async () => {
    expect(await refusal('turtle', `<http://a/s> <http://a/p> """${'x'.repeat(50_000)}`, { fileDataBytes: 1000 })).toMatch(/too long/)
  })

  it('bytes and statements', async () => {
    const lines = Array.from({ length: 20 }, (_, index) => `<http://a/s${index}> <http://a/p> "x" .\n`).join('')
    expect(await refusal('ntriples', lines, { documentBytes: 100 })).toBe('the document has more than 100 bytes; send it in parts')
    expect(await refusal('ntriples', lines, { quads: 19 })).toBe('the document has more than 19 statements; send it in parts')
    expect(await read('ntriples', lines, { quads: 20 })).toHaveLength(20)
  })
})

describe('what is no data', () => {
  it.each<[RdfInput, string, RegExp]>([
    ['n3', '{ <http://a/s> <http://a/p> 1 } => { <http://a/s> <http://a/q> 2 } .', /formulas are not supported/],
    ['n3', '?x <http://a/p> 1 .', /variables are not supported/],
    ['turtle', '<http://a/s> <http://a/p> <<( <http://a/s> <http://a/p> 1 )>> .', /triple terms\) are not supported/],
    ['turtle', '<http://a/s> <http://a/p> "x"@en--ltr .', /base direction are not supported/],
    ['turtle', '"x" <http://a/p> 1 .', /literal/],
    ['jsonld', '"just a text"', /./],
    ['jsonld', '{"__proto__":{"@id":"http://a/s"},"constructor":1}', /^accepted: 0 statements$/],
    // what JSON-LD 1.1 says of IRIs that are none: nothing is said
    ['jsonld', '{"@id":"http://a/b c","http://a/p":"x"}', /^accepted: 0 statements$/],
  ])('%s: %s', async (format, document, message) => {
    expect(await refusal(format, document)).toMatch(message)
  })
})
