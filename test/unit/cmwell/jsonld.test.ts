import { describe, expect, it } from 'vitest'
import { read, refusal } from './support.ts'

const P = 'http://example.org/ns#p'
const node = (number: number, more = ''): string => `{"e:p":"value ${number}","@id":"http://example.org/s${number}"${more}}`
const nodes = (count: number, more = ''): string => Array.from({ length: count }, (_, index) => node(index, more)).join(',\n')
const CONTEXT = '"@context":{"e":"http://example.org/ns#","kind":"@type"}'
/** More than is taken as a whole. */
const MANY = 30_000

async function subjects(document: string): Promise<number> {
  const quads = await read('jsonld', document, {}, {}, 50_000)
  expect(quads.filter(({ predicate }) => predicate === P).every(({ object }, index) => object.value === `value ${index}`)).toBe(true)
  return quads.filter(({ predicate }) => predicate === P).length
}

describe('long JSON-LD', () => {
  it('streams the members of @graph after a context', async () => {
    expect(await subjects(`{${CONTEXT},\n "@graph" : [${nodes(MANY)}]}`)).toBe(MANY)
  })

  it('streams the members of an array', async () => {
    expect(await subjects(`[${nodes(MANY).replaceAll('"e:p"', `"${P}"`)}]`)).toBe(MANY)
  })

  it('takes the context after the graph', async () => {
    expect(await subjects(`{"@graph":[${nodes(MANY)}],${CONTEXT}}`)).toBe(MANY)
  })

  it('keeps the name of the graph, which must come first in a long document', async () => {
    const graph = (count: number, before: string, after = ''): string => `{${CONTEXT},${before}"@graph":[${nodes(count)}]${after}}`
    const named = await read('jsonld', graph(MANY, '"@id":"http://g",'), {}, {}, 50_000)
    expect(named.every(quad => quad.graph?.value === 'http://g')).toBe(true)
    expect((await read('jsonld', graph(3, '', ',"@id":"http://g"'))).every(quad => quad.graph?.value === 'http://g')).toBe(true)
    expect(await refusal('jsonld', graph(MANY, '', ',"@id":"http://g"'))).toMatch(/all other members of the top object stand before @graph$/)
  })

  it('names blank nodes the same in all of it', async () => {
    const quads = await read('jsonld', `{${CONTEXT},"@graph":[${nodes(MANY, ',"e:to":{"@id":"_:one"},"e:own":{}')}]}`, {}, {}, 50_000)
    const objects = (name: string): number =>
      new Set(quads.filter(({ predicate }) => predicate === `http://example.org/ns#${name}`).map(({ object }) => object.value)).size
    expect(objects('to')).toBe(1)
    expect(objects('own')).toBe(MANY)
  })

  it('tells the place of what is wrong far inside', async () => {
    expect(await refusal('jsonld', `[${nodes(MANY)},\n {"@id":oops}]`)).toBe(`[line: ${MANY + 1}, col: 9 ] not valid JSON at "oops}"`)
    expect(await refusal('jsonld', `[${nodes(MANY)}] x`)).toMatch(/text follows after the end of the document$/)
    expect(await refusal('jsonld', `[${nodes(MANY)}`)).toMatch(/the document breaks off/)
  })

  it('nodes and lists without members are what they are', async () => {
    const quads = await read(
      'jsonld',
      `[{"@id":"http://a/1","${P}":[{},{}]},{"@id":"http://a/2","${P}":[]},{},{"@id":"http://a/3","${P}":{"@list":[]}},{"@id":"http://a/4","${P}":{"@value":"v"}}]`,
    )
    expect(quads.map(({ subject, object }) => [subject.value, object.kind])).toEqual([
      ['http://a/1', 'blank'],
      ['http://a/1', 'blank'],
      ['http://a/3', 'iri'],
      ['http://a/4', 'literal'],
    ])
  })

  it('a single node of too many values is refused at once', async () => {
    expect(await refusal('jsonld', `{"@id":"http://a/s","${P}":[${'1,'.repeat(60_000)}1]}`)).toMatch(/more than 50000 values; put nodes side by side/)
  })
})

describe('members in any order', () => {
  it('types, by whatever name, and contexts may come last', async () => {
    const typed = `{"@context":{"T":{"@id":"http://example.org/T","@context":{"q":"${P}"}},"kind":"@type"},"@graph":[{"q":"x","@id":"http://a/s","kind":"T"}]}`
    expect((await read('jsonld', typed)).map(({ predicate }) => predicate).toSorted()).toEqual(
      [P, 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type'].toSorted(),
    )
    const nested = `{"http://a/p":{"q":"x","@id":"http://a/t","@context":{"q":"${P}"}},"@id":"http://a/s"}`
    expect((await read('jsonld', nested)).map(({ predicate }) => predicate)).toContain(P)
  })
})
