import { Buffer } from 'node:buffer'
import { RDF_INPUTS } from '../../../src/http/cmwell/rdf/formats.ts'
import type { RdfInput, RdfOutput } from '../../../src/http/cmwell/rdf/formats.ts'
import type { RdfLimits, RdfOptions } from '../../../src/http/cmwell/rdf/limits.ts'
import { readRdf } from '../../../src/http/cmwell/rdf/read.ts'
import type { Quad, Term } from '../../../src/http/cmwell/rdf/terms.ts'
import { writeRdf } from '../../../src/http/cmwell/rdf/write.ts'

/** The statements of a document, given in chunks of `size` bytes. */
export async function read(
  format: RdfInput,
  document: string | Uint8Array,
  limits: Partial<RdfLimits> = {},
  options: RdfOptions = {},
  size = 1000,
): Promise<Quad[]> {
  const quads: Quad[] = []
  for await (const batch of readRdf(format, chunks(Buffer.from(document), size), limits, options)) quads.push(...batch)
  return quads
}

export async function write(format: RdfOutput, quads: readonly Quad[], size = 3): Promise<string> {
  const batches = Array.from({ length: Math.ceil(quads.length / size) }, (_, index) => quads.slice(index * size, (index + 1) * size))
  let text = ''
  for await (const piece of writeRdf(format, batches)) text += piece
  return text
}

/** The message of the refusal of a document. */
export async function refusal(format: RdfInput, document: string | Uint8Array, limits: Partial<RdfLimits> = {}): Promise<string> {
  return read(format, document, limits).then(
    quads => `accepted: ${quads.length} statements`,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
}

export function* chunks(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** The format that reads what an output format writes. */
export function readerOf(format: RdfOutput): RdfInput {
  return RDF_INPUTS.find(input => input === format) ?? 'jsonld'
}

/** True when two graphs differ in nothing but the labels of blank nodes: colours are refined by their statements, then matched by trial. */
export function isomorphic(one: readonly Quad[], other: readonly Quad[]): boolean {
  const [left, right] = [distinct(one), distinct(other)]
  return left.length === right.length && matches(left, right, new Map(), new Map())
}

function matches(left: readonly Quad[], right: readonly Quad[], leftMarks: ReadonlyMap<string, string>, rightMarks: ReadonlyMap<string, string>): boolean {
  const [leftColours, rightColours] = [colours(left, leftMarks), colours(right, rightMarks)]
  if (sorted([...leftColours.values()]) !== sorted([...rightColours.values()])) return false
  const shared = [...leftColours].find(([, colour]) => [...leftColours.values()].filter(one => one === colour).length > 1)
  if (shared === undefined) return sorted(left.map(quad => text(quad, leftColours))) === sorted(right.map(quad => text(quad, rightColours)))
  const mark = `mark ${leftMarks.size}`
  return [...rightColours].some(
    ([label, colour]) => colour === shared[1] && matches(left, right, new Map([...leftMarks, [shared[0], mark]]), new Map([...rightMarks, [label, mark]])),
  )
}

function colours(quads: readonly Quad[], marks: ReadonlyMap<string, string>): Map<string, string> {
  let present = new Map(
    quads
      .flatMap(({ subject, object, graph }) => [subject, object, graph])
      .flatMap(term => (term?.kind === 'blank' ? [[term.value, marks.get(term.value) ?? '']] : [])),
  )
  for (let round = 0; round < 4; round += 1) {
    const seen = present
    present = new Map(
      [...seen].map(([label, colour]) => {
        const around = quads.filter(quad => [quad.subject, quad.object, quad.graph].some(term => term?.kind === 'blank' && term.value === label))
        const own = new Map([...seen, [label, `${colour} itself`]])
        return [label, hash(`${colour}(${sorted(around.map(quad => text(quad, own)))})`)]
      }),
    )
  }
  return present
}

function hash(value: string): string {
  let sum = 7n
  for (const char of value) sum = (sum * 1_000_003n + BigInt(char.codePointAt(0) ?? 0)) % (1n << 61n)
  return sum.toString(36)
}

function text({ subject, predicate, object, graph }: Quad, labels: ReadonlyMap<string, string>): string {
  const term = (one: Term | null): string => JSON.stringify(one?.kind === 'blank' ? { blank: labels.get(one.value) } : normal(one))
  return [term(subject), predicate, term(object), term(graph)].join(' ')
}

/** Language tags are the same in whatever case (RDF 1.1 Concepts, section 3.3). */
function normal(term: Term | null): unknown {
  return term?.kind === 'literal' ? [term.value, term.datatype, term.language.toLowerCase()] : term
}

function distinct(quads: readonly Quad[]): Quad[] {
  const labels = new Map(
    quads.flatMap(({ subject, object, graph }) => [subject, object, graph]).flatMap(term => (term?.kind === 'blank' ? [[term.value, term.value]] : [])),
  )
  return [...new Map(quads.map(quad => [text(quad, labels), quad])).values()]
}

function sorted(texts: readonly string[]): string {
  return texts.toSorted().join('\n')
}
