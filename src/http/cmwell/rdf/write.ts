import type { RdfOutput } from './formats.ts'
import { JsonLdWriter } from './jsonld-writer.ts'
import { LineWriter } from './line-writer.ts'
import type { Prefixes } from './prefixes.ts'
import { DocumentPrefixes } from './prefixes.ts'
import type { QuadWriter } from './quad-writer.ts'
import { XmlWriter } from './rdfxml-writer.ts'
import type { Quad } from './terms.ts'
import { TurtleWriter } from './turtle-writer.ts'

/** Writes statements as one document, a piece of text for each batch. Formats without graphs leave them out (ntriples, turtle, n3, rdfxml, jsonld). */
export async function* writeRdf(
  format: RdfOutput,
  batches: AsyncIterable<readonly Quad[]> | Iterable<readonly Quad[]>,
  prefixes: Prefixes = new DocumentPrefixes(),
): AsyncGenerator<string> {
  const writer = quadWriter(format, prefixes)
  for await (const batch of batches) if (batch.length > 0) yield writer.write(batch)
  const rest = writer.end()
  if (rest !== '') yield rest
}

/** The writer of a format, for who has the statements at hand and no stream of them. */
export function quadWriter(format: RdfOutput, prefixes: Prefixes = new DocumentPrefixes()): QuadWriter {
  switch (format) {
    case 'ntriples':
      return new LineWriter(false)
    case 'nquads':
      return new LineWriter(true)
    case 'turtle':
    case 'n3':
      return new TurtleWriter(false, prefixes)
    case 'trig':
      return new TurtleWriter(true, prefixes)
    case 'rdfxml':
      return new XmlWriter(prefixes)
    case 'jsonld':
      return new JsonLdWriter(false)
    case 'jsonldq':
      return new JsonLdWriter(true)
  }
}
