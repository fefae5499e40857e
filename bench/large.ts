import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { World } from './world.ts'

const MIB = 1024 * 1024
/** The large file's name, in its directory and in its collection. */
export const LARGE_FILE = 'large.bin'

/** Writes one file of random bytes into a new directory. */
export async function makeLarge(directory: string, mib: number): Promise<void> {
  await mkdir(directory)
  const file = await open(join(directory, LARGE_FILE), 'w')
  const bytes = Buffer.allocUnsafe(MIB)
  for (let n = 0; n < mib; n++) await file.write(randomFillSync(bytes))
  await file.close()
}

/** Uploads it into the collection `large`. */
export async function uploadLarge({ http, token }: World, directory: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' }
  const sending = request(`${http.url}/v1/collections/large/entries/${LARGE_FILE}`, { method: 'PUT', headers })
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>
  await pipeline(createReadStream(join(directory, LARGE_FILE), { highWaterMark: MIB }), sending)
  const [answer] = await answered
  const body = await text(answer)
  if (answer.statusCode !== 201) throw new Error(`the upload of the large file answered ${answer.statusCode}: ${body.slice(0, 300)}`)
}
