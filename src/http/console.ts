import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { limitAddress } from './auth.ts'

/** Where the build puts what the page loads, and the path it loads it from: hashed names, so that a name never means other bytes. */
const ASSETS = '/console/assets'
const PAGE = 'index.html'
/** The service worker, which keeps the page for when the server is away: asked for anew each time, and let look after the page at the root. */
const WORKER = {
  file: 'worker.js',
  url: '/console/worker.js',
  headers: { 'cache-control': 'no-cache', 'content-security-policy': "default-src 'none'; connect-src 'self'", 'service-worker-allowed': '/' },
}

/** Scripts and styles of our own files only, calls to this server only; nothing is written into the page that could be run (Trusted Types). Its one policy gives the address of the service worker. */
const PAGE_POLICY =
  "default-src 'none'; base-uri 'none'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; img-src 'self'; manifest-src 'self'; require-trusted-types-for 'script'; script-src 'self'; style-src 'self'; trusted-types waybill"

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The codings that the build has compressed its files with, the best first. */
const CODINGS = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
] as const
type Coding = (typeof CODINGS)[number]['name'] | 'identity'

/** Said in the place of the page where it was never built: a server without it is whole otherwise. */
const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Waybill</title>
<h1>Waybill</h1><p>This server works, but its console has not been built. In a clone, <code>npm run build</code> builds it; restart the server afterwards.
<p>The API is described at <a href="/docs">/docs</a>.</html>
`

interface ConsoleFile {
  readonly type: string
  readonly hash: string
  readonly bytes: ReadonlyMap<Coding, Buffer>
}

/**
 * Serves the console: its page at `/`, which a browser asks for anew each time, and its assets, which it keeps for ever. `directory` is what
 * `scripts/build-console.ts` has written; it is read once. Where it is null or not there, `/` says so in plain words.
 */
export async function registerConsole(app: FastifyInstance, directory: string | null): Promise<void> {
  const page = (directory === null ? null : await readAsset(directory, PAGE)) ?? plain(NOT_BUILT)
  route(app, '/', page, { 'cache-control': 'no-cache', 'content-security-policy': PAGE_POLICY, 'cross-origin-opener-policy': 'same-origin' })
  if (directory === null) return
  const worker = await readAsset(directory, WORKER.file)
  if (worker !== null) route(app, WORKER.url, worker, WORKER.headers)
  const assets = join(directory, 'assets')
  for (const name of await namesIn(assets)) {
    const file = await readAsset(assets, name)
    if (file !== null) route(app, `${ASSETS}/${name}`, file, { 'cache-control': 'public, max-age=31536000, immutable' })
  }
}

function route(app: FastifyInstance, url: string, file: ConsoleFile, headers: Readonly<Record<string, string>>): void {
  const onRequest = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => limitAddress(request, reply)
  app.get(url, { schema: { hide: true }, onRequest }, (request, reply) => {
    const coding = codingFor(request.headers['accept-encoding'], file)
    // RFC 9110 section 8.8.3.3: another coding is another representation, with an entity tag of its own
    const tag = `"${file.hash}${coding === 'identity' ? '' : `-${coding}`}"`
    reply.headers({ ...headers, etag: tag, vary: 'accept-encoding' })
    if (request.headers['if-none-match']?.includes(tag) === true) return reply.code(304).send()
    if (coding !== 'identity') reply.header('content-encoding', coding)
    return reply.type(file.type).send(file.bytes.get(coding))
  })
}

/** The best coding that the file is there in and the client takes (RFC 9110 section 12.5.3). */
function codingFor(header: string | undefined, file: ConsoleFile): Coding {
  const taken = new Set<string>()
  for (const part of (header ?? '').toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map(piece => piece.trim())
    if (!parameters.some(parameter => /^q=0(\.0*)?$/.test(parameter))) taken.add(name)
  }
  return CODINGS.find(({ name }) => file.bytes.has(name) && taken.has(name))?.name ?? 'identity'
}

/** A file with the codings beside it; null where it is not there, or is itself one of those. */
async function readAsset(directory: string, name: string): Promise<ConsoleFile | null> {
  const type = TYPES[extname(name)]
  const plainBytes = type === undefined ? null : await read(join(directory, name))
  if (type === undefined || plainBytes === null) return null
  const bytes = new Map<Coding, Buffer>([['identity', plainBytes]])
  for (const { name: coding, suffix } of CODINGS) {
    const coded = await read(join(directory, name + suffix))
    if (coded !== null) bytes.set(coding, coded)
  }
  return { type, hash: hashOf(plainBytes), bytes }
}

function plain(text: string): ConsoleFile {
  const bytes = Buffer.from(text)
  return { type: TYPES['.html'] as string, hash: hashOf(bytes), bytes: new Map([['identity', bytes]]) }
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
}

async function read(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    return absent(error, null)
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    return absent(error, [])
  }
}

/** What stands for a file or directory that is not there; any other fault is one. */
function absent<T>(error: unknown, instead: T): T {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return instead
  throw error
}
