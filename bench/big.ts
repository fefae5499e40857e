import { grouped, say } from './figures.ts'
import type { Http } from '../test/support/http.ts'
import { createCollections, timedCopy } from './jobs.ts'
import { FILE_BYTES, filePath, upload } from './tree.ts'

const UPLOADED = 1000

/** Uploads a thousand files into `seed` and copies them, ten times as many a step, until the collection `big` has so many. */
export async function fillBig(http: Http, big: number): Promise<void> {
  await createCollections(http, 'seed', 'middle', 'big')
  for (let n = 0; n < UPLOADED; n++) await upload(http, 'seed', filePath(n), Buffer.alloc(FILE_BYTES, `file ${n} `))
  const middle = big / 10
  for (let n = 0; n < middle / UPLOADED; n++) {
    await timedCopy(http, { collection: 'seed', prefix: '' }, { collection: 'middle', prefix: `part-${String(n).padStart(3, '0')}/` }, UPLOADED)
  }
  for (let n = 0; n < 10; n++) await timedCopy(http, { collection: 'middle', prefix: '' }, { collection: 'big', prefix: `part-${n}/` }, middle)
  say('prepared', `a collection of ${grouped(big)} files`)
}
