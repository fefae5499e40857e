import type { FastifyInstance } from 'fastify'
import { WaybillError, isWaybillError } from '../../../model/errors.ts'
import { limitAddress } from '../../auth.ts'
import type { Context } from '../context.ts'
import { Refusal } from '../errors.ts'
import { parameter } from '../query.ts'
import { outputFormatOf } from '../rdf/formats.ts'
import { isOver, sendStatus } from './status-document.ts'

/** `GET /_track/{id}`: the state of each infoton of an update; whoever has the id may ask (contract, section 2). */
export function trackRoute(app: FastifyInstance, context: Context): void {
  const onRequest = async (...[request, reply]: Parameters<Context['identify']>): Promise<void> => limitAddress(request, reply)
  app.get('/_track/:id', { onRequest, config: { manner: 'tracking' } }, async (request, reply) => {
    const format = outputFormatOf(parameter(request, 'format'), request.headers.accept, 'ntriples')
    const job = jobOf(context, (request.params as { readonly id: string }).id)
    try {
      return await sendStatus(context, request, reply, job, {
        format,
        onJob: found => {
          if (isOver(found)) reply.header('x-cm-well-tracking', 'Done')
        },
      })
    } catch (error) {
      throw isWaybillError(error, 'job_not_found') || isWaybillError(error, 'job_expired') ? gone() : error
    }
  })
}

/** The job of an id. An id that never was one is gone, as the documents say, or a bad request, as the server does (contract, decision 1). */
function jobOf({ trackingIds, compat }: Context, id: string): string {
  const tracked = trackingIds.read(id)
  if (typeof tracked === 'object') return tracked.job
  if (tracked === 'malformed' && compat === 'server') throw new WaybillError('invalid_request', 'Invalid trackingID')
  throw gone()
}

function gone(): WaybillError {
  return new Refusal('job_expired', 410, 'tracking', 'This tracking ID was never created or its tracked request has been already completed')
}
