import { describe, expect, it } from 'vitest'
import { OUTPUT_TYPES, RDF_OUTPUTS, inputFormatOf, outputFormatOf } from '../../../src/http/cmwell/rdf/formats.ts'

describe('the format of a request', () => {
  it.each([
    ['ntriples', 'ntriples'],
    ['nquads', 'nquads'],
    ['nq', 'nquads'],
    ['TURTLE', 'turtle'],
    ['ttl', 'turtle'],
    ['n3', 'n3'],
    ['trig', 'trig'],
    ['rdfxml', 'rdfxml'],
    ['jsonld', 'jsonld'],
    ['jsonw', 'jsonw'],
  ])('format=%s is %s, whatever the Content-Type', (name, format) => {
    expect(inputFormatOf(name, 'application/x-www-form-urlencoded')).toBe(format)
  })

  it.each([
    [undefined, 'ntriples'],
    ['text/plain; charset=utf-8', 'ntriples'],
    ['application/n-quads', 'nquads'],
    ['text/x-nquads', 'nquads'],
    ['text/turtle', 'turtle'],
    ['text/n3', 'n3'],
    ['application/trig', 'trig'],
    ['application/rdf+xml', 'rdfxml'],
    ['application/ld+json', 'jsonld'],
    ['application/json', 'jsonld'],
  ])('Content-Type %s without a format is %s', (type, format) => {
    expect(inputFormatOf(undefined, type)).toBe(format)
    expect(inputFormatOf('', type)).toBe(format)
  })

  it.each(['nt', 'json-ld', 'rdf-xml', 'xmlrdf', 'jsonldq', 'trix', 'constructor'])('format=%s is not read', name => {
    expect(() => inputFormatOf(name, 'image/png')).toThrow(/^Your request should contains either format param \(/)
  })
})

describe('the format of an answer', () => {
  it.each([
    ['nt', 'ntriples'],
    ['ttl', 'turtle'],
    ['xmlrdf', 'rdfxml'],
    ['rdf-xml', 'rdfxml'],
    ['json-ld', 'jsonld'],
    ['jsonldq', 'jsonldq'],
    ['nq', 'nquads'],
    ['yml', 'yaml'],
    ['tab', 'tsv'],
    ['path', 'text'],
    ['JSON', 'json'],
    ['jsonl', 'jsonl'],
    ['csv', 'csv'],
  ])('format=%s is %s', (name, format) => {
    expect(outputFormatOf(name, undefined, 'ntriples')).toBe(format)
  })

  it.each([
    ['text/turtle', 'turtle'],
    ['application/json', 'jsonl'],
    ['text/json', 'json'],
    ['application/ld+json;q=0.9', 'jsonld'],
    ['application/rdf+xml', 'rdfxml'],
    ['text/n3', 'n3'],
    ['text/yaml', 'yaml'],
    ['*/*', 'trig'],
    ['text/html, text/plain', 'ntriples'],
  ])('Accept: %s is %s', (accept, format) => {
    expect(outputFormatOf(undefined, accept, 'trig')).toBe(format)
  })

  it.each(['trix', 'atom'])('%s is refused as not supported', name => {
    expect(() => outputFormatOf(name, undefined, 'ntriples')).toThrow(/is not supported; there are ntriples, /)
  })

  it('an unknown one is refused', () => {
    expect(() => outputFormatOf('toString', undefined, 'ntriples')).toThrow(/is not known/)
  })

  it('each has a media type', () => {
    for (const format of RDF_OUTPUTS) expect(OUTPUT_TYPES[format]).toMatch(/^[a-z]+\/[a-z0-9+]+;charset=UTF8$/)
  })
})
