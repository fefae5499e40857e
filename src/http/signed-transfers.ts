import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Caller } from '../model/access.ts'
import type { Entry } from '../model/entry.ts'
import { WaybillError } from '../model/errors.ts'
import { limitAddress } from './auth.ts'
import { baseUrl } from './base-url.ts'
import { unlessGivenUp } from './body-watch.ts'
import { tagOf } from './conditions.ts'
import { sendEntryBytes } from './entry-bytes.ts'
import type { HttpServices } from './services.ts'
import type { SignedMethod } from './signed-url.ts'

/** An absolute URL that needs no token, and when it ends (epoch milliseconds). */
export interface SignedUrl {
  readonly url: string
  readonly expiresAt: number
}

/** What a URL stands for: the subject in whose name it is used, then one version of one file, or one part of one upload. */
type VersionGrant = readonly [subject: string, collection: string, path: string, version: number, revision: string]
type PartGrant = readonly [subject: string, upload: string, number: number]

const DOWNLOAD = '/download'
const UPLOAD = '/upload'

/** A URL with which anybody may read this version of a file, as the caller might: GET or HEAD. */
export function downloadUrl(services: HttpServices, request: FastifyRequest, caller: Caller, entry: Entry): SignedUrl {
  return signed<VersionGrant>(services, request, 'GET', DOWNLOAD, [caller.subject, entry.collection, entry.path, entry.version, entry.revision])
}

/** A URL with which anybody may send this part of an upload, as the caller might: PUT. */
export function partUrl(services: HttpServices, request: FastifyRequest, caller: Caller, upload: string, number: number): SignedUrl {
  return signed<PartGrant>(services, request, 'PUT', UPLOAD, [caller.subject, upload, number])
}

function signed<G>(services: HttpServices, request: FastifyRequest, method: SignedMethod, place: string, grant: G): SignedUrl {
  const { path, expiresAt } = services.signer.sign(method, `${place}/${Buffer.from(JSON.stringify(grant)).toString('base64url')}`)
  return { url: baseUrl(request, services) + path, expiresAt }
}

/**
 * `GET` and `HEAD /download/{grant}`, `PUT /upload/{grant}`: what signed URLs lead to, for every dialect. They need no token and heed none; the
 * grants of the subject who asked for the URL are checked when it is used. Errors are the root's, problem details.
 */
export async function signedTransfers(app: FastifyInstance, { services }: { readonly services: HttpServices }): Promise<void> {
  const { engine, signer } = services
  // the transfers' bodies are bytes, whatever they call themselves
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.addHook('onRequest', async (request, reply) => {
    limitAddress(request, reply)
    signer.verify(request.method, request.url)
  })

  app.route<{ Params: { grant: string } }>({
    method: ['GET', 'HEAD'],
    url: `${DOWNLOAD}/:grant`,
    exposeHeadRoute: false,
    schema: { hide: true },
    handler: async (request, reply) => {
      const [subject, collection, path, version, revision] = grantOf<VersionGrant>(request.params.grant)
      const opened = await engine.entries.open(inTheNameOf(subject), collection, path, version)
      // a ledger that was restored from a backup counts the versions since then anew
      if (opened.entry.revision !== revision)
        throw new WaybillError('entry_not_found', `the version of ${path} that this URL is for is not there any more; ask for a new one`)
      return sendEntryBytes(request, reply, opened)
    },
  })

  app.put<{ Params: { grant: string } }>(`${UPLOAD}/:grant`, { schema: { hide: true } }, async (request, reply) => {
    const [subject, upload, number] = grantOf<PartGrant>(request.params.grant)
    const part = await unlessGivenUp(reply, engine.uploads.putPart(inTheNameOf(subject), upload, number, request.raw))
    return part === null ? reply : reply.header('etag', tagOf(part.sha256)).send()
  })
}

/** What the signature vouches for. */
function grantOf<G>(text: string): G {
  return JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as G
}

function inTheNameOf(subject: string): Caller {
  return { subject, scopes: new Set(), tokenId: 'signed URL' }
}
