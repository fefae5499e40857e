import type { FastifyReply, FastifyRequest } from 'fastify'
import { sendPieces } from '../../text-stream.ts'
import type { Context } from '../context.ts'
import { callerWith } from '../credentials.ts'
import type { Infoton, RdfView } from './infoton.ts'
import { infotonQuads } from './infoton.ts'
import { writeInfotons } from './infoton-writer.ts'
import { prefixesOf } from '../update/namespaces.ts'
import { flag, parameter } from '../query.ts'
import { OUTPUT_TYPES, isRdfOutput, outputFormatOf } from '../rdf/formats.ts'
import type { Quad } from '../rdf/terms.ts'
import { writeRdf } from '../rdf/write.ts'

/** Answers infotons in the format asked for, JSON when none is: one, or (`bag`) any number. */
export async function sendInfotons(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  infotons: AsyncIterable<Infoton> | Iterable<Infoton>,
  bag: boolean,
): Promise<FastifyReply> {
  const format = outputFormatOf(parameter(request, 'format'), request.headers.accept, 'json')
  const prefixes = await prefixesOf(context.engine, callerWith(request, 'read'))
  const view = context.rdfView(request)
  const text = isRdfOutput(format)
    ? writeRdf(format, statements(infotons, view), prefixes)
    : writeInfotons(format, infotons, { host: request.host, prefixes, bag, pretty: flag(request, 'pretty') })
  return sendPieces(reply, OUTPUT_TYPES[format], text)
}

async function* statements(infotons: AsyncIterable<Infoton> | Iterable<Infoton>, view: RdfView): AsyncGenerator<Quad[]> {
  for await (const infoton of infotons) yield infotonQuads(infoton, view)
}
