import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Readable, Transform, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { sha256Of } from '../client/index.ts'
import { WaybillError } from '../model/errors.ts'
import { isSystemError } from './exit-codes.ts'

let downloads = 0

/** Writes an answer's bytes to a file: under a temporary name first, and under its own only when they are whole and have the digest named. Returns their number. */
export async function saveAs(response: Response, file: string): Promise<number> {
  const temporary = join(dirname(file), `.${basename(file).slice(0, 100)}.${process.pid}-${downloads++}.part`)
  try {
    const bytes = await pour(response, createWriteStream(temporary, { flags: 'wx' }), file)
    await rename(temporary, file)
    return bytes
  } catch (error) {
    await rm(temporary, { force: true })
    // nobody knows the temporary name: what is missing, or closed to us, is its directory
    throw isSystemError(error) && error.path === temporary ? Object.assign(error, { path: dirname(file) }) : error
  }
}

/** Pours an answer's bytes into a stream and checks their number and digest against the headers. `name` is for the error. */
export async function pour(response: Response, into: Writable, name: string): Promise<number> {
  const hash = createHash('sha256')
  let bytes = 0
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  const source = response.body === null ? Readable.from([]) : Readable.fromWeb(response.body)
  await pipeline(source, meter, into, { end: into !== process.stdout })
  const promised = sha256Of(response.headers.get('repr-digest'))
  // a Repr-Digest is of the whole representation (RFC 9530 section 2), which a 200 carries
  if (response.status === 200 && promised !== null && promised !== hash.digest('hex')) {
    throw new WaybillError('digest_mismatch', `the bytes that came for ${name} do not have the digest the server named; try again`)
  }
  return bytes
}
