import type { FastifyInstance } from 'fastify'
import { callerOf } from '../auth.ts'
import { downloadUrl } from '../signed-transfers.ts'
import { CODES } from './codes.ts'
import type { Context } from './context.ts'
import { badRequest } from './errors.ts'
import { findFile } from './folders.ts'
import { pathOne } from './request.ts'

/** `GET /v2/files/{id}/download_info`: a URL that gives the bytes of the file as it is now, without a token, for a limited time. */
export function downloadRoutes(app: FastifyInstance, context: Context): void {
  app.get('/files/:id/download_info', context.reads, async request => {
    const caller = callerOf(request)
    const id = pathOne(request, 'id')
    const entry = await findFile(context.engine, caller, id)
    if (entry.kind !== 'file') throw badRequest(CODES.badFileRequest, `${id} is a folder, which has no bytes; download the files in it`)
    return { url: downloadUrl(context.services, request, caller, entry).url }
  })
}
