import type { RdfInput } from './formats.ts'
import { JsonLdParser } from './jsonld-parser.ts'
import type { RdfLimits, RdfOptions } from './limits.ts'
import { QuadSink, RDF_LIMITS } from './limits.ts'
import { LineParser } from './line-parser.ts'
import { N3Parser } from './n3-parser.ts'
import { XmlParser } from './rdfxml-parser.ts'
import type { SyntaxParser } from './syntax-parser.ts'
import type { Quad } from './terms.ts'
import { Utf8Text } from './utf8-text.ts'

/**
 * Reads an RDF document while it arrives: batches of statements, as many as about 64 KiB of the document make, in the document's order.
 * Memory is bounded by the limits and not by the document, except for JSON-LD whose context does not come first. Nothing is fetched.
 * Throws `invalid_rdf` with line and column where they are known, `body_too_large`, `too_many_items`.
 */
export async function* readRdf(
  format: RdfInput,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limits: Partial<RdfLimits> = {},
  options: RdfOptions = {},
): AsyncGenerator<Quad[]> {
  const all = { ...RDF_LIMITS, ...limits }
  const text = new Utf8Text(all.documentBytes)
  const sink = new QuadSink(all, options)
  const parser = parserFor(format, sink)
  for await (const chunk of source) {
    for (const piece of text.pieces(chunk)) {
      await parser.write(piece)
      if (sink.waiting > 0) yield sink.take()
    }
  }
  text.end()
  await parser.end()
  if (sink.waiting > 0) yield sink.take()
}

function parserFor(format: RdfInput, sink: QuadSink): SyntaxParser {
  switch (format) {
    case 'ntriples':
      return new LineParser(sink, false)
    case 'nquads':
      return new LineParser(sink, true)
    case 'turtle':
      return new N3Parser(sink, 'Turtle')
    case 'trig':
      return new N3Parser(sink, 'TriG')
    case 'n3':
      return new N3Parser(sink, 'N3')
    case 'rdfxml':
      return new XmlParser(sink)
    case 'jsonld':
      return new JsonLdParser(sink)
  }
}
