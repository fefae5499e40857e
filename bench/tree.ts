import { randomFillSync } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Http } from '../test/support/http.ts'
import { manyTimes } from './side-by-side.ts'

const FILES_A_FOLDER = 1000
export const FILE_BYTES = 4096
const UPLOADS_AT_ONCE = 32

/** The path of the n-th file, in the order of n. */
export function filePath(n: number): string {
  return `${String(Math.floor(n / FILES_A_FOLDER)).padStart(4, '0')}/${String(n % FILES_A_FOLDER).padStart(4, '0')}.bin`
}

/** Writes `files` files of 4 KiB with distinct random content under `root`. */
export async function makeTree(root: string, files: number): Promise<void> {
  const bytes = Buffer.allocUnsafe(FILE_BYTES)
  for (let n = 0; n < files; n++) {
    const path = join(root, filePath(n))
    if (n % FILES_A_FOLDER === 0) await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, randomFillSync(bytes))
  }
}

/** Uploads one file. Throws when it is not answered with 201. */
async function upload(http: Http, collection: string, path: string, bytes: Buffer): Promise<void> {
  const answer = await http.send('PUT', `/v1/collections/${collection}/entries/${path}`, bytes, { 'content-type': 'application/octet-stream' })
  if (answer.status !== 201) throw new Error(`the upload of ${path} answered ${answer.status}: ${answer.body.slice(0, 300)}`)
}

/** Uploads the first of the small files that collections are filled with by copies. */
export async function uploadSome(http: Http, collection: string, files: number): Promise<void> {
  await manyTimes(files, UPLOADS_AT_ONCE, n => upload(http, collection, filePath(n), Buffer.alloc(FILE_BYTES, `file ${n} `)))
}

/** Uploads the tree over HTTP, one PUT a file on kept-alive connections. */
export async function importTree(http: Http, root: string, collection: string, files: number): Promise<void> {
  await manyTimes(files, UPLOADS_AT_ONCE, async n => {
    const path = filePath(n)
    await upload(http, collection, path, await readFile(join(root, path)))
  })
}
