import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../../support/random.ts'
import type { Desk } from './desk.ts'
import { errand, type Errand } from './errand.ts'

/** An addressable collection, as the Seven Bridges dialect wants it. */
export const PROJECT = 'torture/project'
/** Jobs that came through that dialect are kept for so long. */
export const KEPT_MS = 600

const PART_BYTES = 40_000

interface Upload {
  readonly upload_id: string
}

/** A job that is to expire: from `at` on (epoch ms, by this machine) its id must be 410, before that it may be. */
export interface Expiring {
  readonly job: string
  readonly at: number
}

/** A file that is sent in parts, and copied by a job that is soon to expire, which `expiring` gets. */
export function projectErrand(n: number, random: Random, expiring: Expiring[]): Errand {
  const bytes = Buffer.alloc(random.between(1, 3 * PART_BYTES), random.bytes(999))
  const name = `file-${n}.bin`
  let upload = ''
  let file = ''
  let job = ''
  let tries = 0
  return errand(
    `project-${n}`,
    async desk => {
      const wish = { project: PROJECT, name, size: bytes.length, part_size: PART_BYTES }
      upload = (await desk.json<Upload>('POST', '/v2/upload/multipart', [200, 201], wish)).upload_id
    },
    async desk => {
      const count = Math.ceil(bytes.length / PART_BYTES)
      for (let part = 1; part <= count; part++) {
        const { url } = await desk.json<{ url: string }>('GET', `/v2/upload/multipart/${upload}/part/${part}`, [200])
        const { pathname, search } = new URL(url)
        await desk.ask('PUT', pathname + search, [200], bytes.subarray((part - 1) * PART_BYTES, part * PART_BYTES))
      }
    },
    async desk => void (file = (await desk.json<{ id: string }>('POST', `/v2/upload/multipart/${upload}/complete`, [200])).id),
    async desk => void (await desk.expectFile(PROJECT, name, bytes, 1)),
    async desk => {
      // has no key: after a lost answer another job makes another copy
      const items = [{ file, project: PROJECT, name: `copy-${n}-${tries++}.bin` }]
      job = (await desk.json<{ id: string }>('POST', '/v2/async/files/copy', [202], { items })).id
    },
    async desk => {
      await untilOver(desk, job)
      expiring.push({ job, at: Date.now() + KEPT_MS })
      await desk.expectFile(PROJECT, `copy-${n}-${tries - 1}.bin`, bytes, 1)
    },
  )
}

/** Waits until the job is finished, if it has not expired by then. */
async function untilOver(desk: Desk, job: string): Promise<void> {
  for (;;) {
    const { status, body } = await desk.ask('GET', `/v1/jobs/${job}`, [200, 410])
    if (status === 410 || (JSON.parse(body) as { state: string }).state === 'finished') return
    await pause(20)
  }
}
