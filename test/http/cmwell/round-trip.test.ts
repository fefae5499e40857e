import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RDF_INPUTS, RDF_OUTPUTS, hasGraphs } from '../../../src/http/cmwell/rdf/formats.ts'
import type { RdfOutput } from '../../../src/http/cmwell/rdf/formats.ts'
import type { Quad, Resource } from '../../../src/http/cmwell/rdf/terms.ts'
import { XSD, blank, inLanguage, iri, literal } from '../../../src/http/cmwell/rdf/terms.ts'
import { isomorphic, read, readerOf, write } from '../../unit/cmwell/support.ts'
import { idOf, world } from './world.ts'

const of = world()
let runs = 0

/** Subjects are put into a domain of the run's own; objects and graphs may be anything. */
const subjects = fc.constantFrom('a', 'b/c-d', 'ü', '%20', 'x#y').map(name => iri(`http://DOMAIN/${name}`))
const blanks = fc.constantFrom('a', 'b', 'X').map(blank)
const others = fc.constantFrom('http://example.org/a', 'urn:x:1', "http://example.org/a(b),;~!$&'*+=@").map(iri)
const predicates = fc.constantFrom(
  'http://www.w3.org/1999/02/22-rdf-syntax-ns#type',
  'http://www.w3.org/2006/vcard/ns#FN',
  'http://example.org/ns/naïve-name',
  'http://example.org/12/x.y',
  'cmwell://meta/nn#plain',
)
const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('"', "'", '\\', '\n', '\r', '\t', '<', '&', '>', ']]>', ' ', '😀', '\u2028', '\u0085', '\ufeff'), maxLength: 8 }),
)
const literals = fc.oneof(
  texts.map(text => literal(text)),
  fc.tuple(texts, fc.constantFrom(`${XSD}int`, `${XSD}boolean`, 'http://example.org/type#x')).map(([text, type]) => literal(text, type)),
  fc.tuple(texts, fc.constantFrom('en', 'de-AT')).map(([text, language]) => inLanguage(text, language)),
)
const quads: fc.Arbitrary<Quad> = fc.record({
  subject: fc.oneof(subjects, blanks),
  predicate: predicates,
  object: fc.oneof(subjects, blanks, others, literals),
  graph: fc.oneof(fc.constant(null), others),
})
const graphs = fc.array(quads, { minLength: 1, maxLength: 6 })

describe('a graph that is sent and read back', () => {
  for (const input of RDF_INPUTS) {
    it(`is the same when it was sent as ${input}, in whatever format it is read`, { timeout: 60_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(graphs, fc.constantFrom(...RDF_OUTPUTS), async (graph, output) => {
          runs += 1
          const sent = graph.map(quad => inDomain(quad, `run${runs}.org`))
          // the JSON-LD that has graphs, too
          const document = await write(input === 'jsonld' ? 'jsonldq' : input, sent)
          const answer = await of().in(`format=${input}&tracking&force`, document)
          const paths = Object.entries(await of().tracked(idOf(answer)))
          expect(new Set(paths.map(([, status]) => status)), document).toEqual(new Set(['Done']))
          const back = await stored(
            paths.map(([path]) => path),
            output,
          )
          const wanted = sent.map(quad => (hasGraphs(input) && hasGraphs(output) && output !== 'jsonld' ? quad : { ...quad, graph: null }))
          expect(isomorphic(wanted, back), `${document}\n\n${await write('nquads', back)}`).toBe(true)
        }),
        { numRuns: 25 },
      )
    })
  }
})

/** The statements of the infotons themselves, read one by one. */
async function stored(paths: readonly string[], output: RdfOutput): Promise<Quad[]> {
  const all: Quad[] = []
  for (const path of paths) {
    const answer = await of().get(`${path.replaceAll('#', '%23')}?format=${output}`)
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.body}`)
    const statements = await read(readerOf(output), answer.body)
    all.push(...statements.filter(({ predicate }) => !predicate.includes('/meta/sys#')).map(asStored))
  }
  return all
}

/** A statement of an answer with the protocol's predicates as they were sent, and blank nodes by the names that they have in every answer. */
function asStored(quad: Quad): Quad {
  const named = <T extends Quad['object']>(term: T): T => (term.kind === 'blank' ? { ...term, value: /A[0-9a-f]{44}.*$/.exec(term.value)?.[0] ?? '' } : term)
  const predicate = quad.predicate.replace(`http://${of().host}/meta/nn#`, 'cmwell://meta/nn#')
  return { ...quad, subject: named(quad.subject), predicate, object: named(quad.object) }
}

function inDomain(quad: Quad, domain: string): Quad {
  const placed = (term: Resource): Resource => (term.kind === 'iri' ? iri(term.value.replace('DOMAIN', domain)) : term)
  return { ...quad, subject: placed(quad.subject), object: quad.object.kind === 'iri' ? placed(quad.object) : quad.object }
}
