import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Readable, Transform, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isSystemError } from './exit-codes.ts'

let downloads = 0

/** Writes a download's bytes to a file: under a temporary name first, and under its own only when they are whole. Returns their number. */
export async function saveAs(response: Response, file: string): Promise<number> {
  const temporary = join(dirname(file), `.${basename(file).slice(0, 100)}.${process.pid}-${downloads++}.part`)
  try {
    const bytes = await pour(response, createWriteStream(temporary, { flags: 'wx' }))
    await rename(temporary, file)
    return bytes
  } catch (error) {
    await rm(temporary, { force: true })
    // nobody knows the temporary name: what is missing, or closed to us, is its directory
    throw isSystemError(error) && error.path === temporary ? Object.assign(error, { path: dirname(file) }) : error
  }
}

/** Pours a download's bytes into a stream; that all of them come, and the right ones, the client sees to. Returns their number. */
export async function pour(response: Response, into: Writable): Promise<number> {
  let bytes = 0
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      done(null, chunk)
    },
  })
  const source = response.body === null ? Readable.from([]) : Readable.fromWeb(response.body)
  await pipeline(source, meter, into, { end: into !== process.stdout })
  return bytes
}
