import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callerOf, startWorld } from './world.ts'
import type { Client, JobWords, World } from './world.ts'

const DAY_MS = 24 * 3600 * 1000

/** Jobs of the sizes that the dialect is for. Files are made by jobs, which copy one file under many names. */
describe('big jobs', () => {
  let world: World
  let alice: Client

  beforeAll(async () => {
    world = await startWorld()
    alice = await world.as('alice')
    await world.project('alice/source')
    await world.project('alice/dest')
  })
  afterAll(() => world.stop())

  /** Makes so many files `<folder>/f000000`, ... in the source project out of one. */
  async function makeFiles(folder: string, count: number): Promise<void> {
    await world.put('alice/source', 'seed')
    const caller = callerOf('alice')
    const options = { kind: 'copy', conflict: 'version', verify: 'none', dryRun: false, priority: 5, label: null, dialect: 'v1', retentionMs: DAY_MS } as const
    const opened = await world.server.engine.jobs.openManifest(caller, options)
    if (!('intake' in opened)) throw new Error('a manifest without a key is never a replay')
    for (let first = 0; first < count; first += 2000) {
      const items = Array.from({ length: Math.min(2000, count - first) }, (_, index) => ({
        source: { collection: 'alice/source', path: 'seed' },
        destination: { collection: 'alice/source', path: `${folder}/${nameOf(first + index)}` },
      }))
      await opened.intake.append(items)
    }
    const { job } = await opened.intake.seal('files')
    const done = await world.server.engine.jobs.wait(caller, job.id, 60_000)
    expect(done.counts.done).toBe(count)
  }

  /** The ids of the files of a folder, in the order of their names. */
  async function idsIn(folder: string): Promise<string[]> {
    const { items } = await world.server.engine.tree.children(callerOf('alice'), 'alice/source', folder, {}, { offset: 0, limit: 10_000 })
    return items.map(entry => entry.entityId.replaceAll('-', ''))
  }

  it('10,000 items of which 1 % are missing: finished, counted exactly, every failure named, all in order', { timeout: 120_000 }, async () => {
    await makeFiles('many', 9_900)
    const present = await idsIn('many')
    // every hundredth one has an id that no file has
    let taken = 0
    const files = Array.from({ length: 10_000 }, (_, index) =>
      index % 100 === 42 ? `5c6d3f30e4b0${index.toString(16).padStart(12, '0')}` : (present[taken++] as string),
    )
    const job = await alice.run(
      'copy',
      files.map(file => ({ file, project: 'alice/dest', parent: '', name: '' })),
    )
    expect(job).toMatchObject({ state: 'FINISHED', total_files: 10_000, completed_files: 9_900, failed_files: 100 })
    expect(job.result).toHaveLength(10_000)
    let copied = 0
    job.result.forEach(({ resource, error }, index) => {
      if (index % 100 === 42) {
        expect(error).toMatchObject({ status: 404, code: 5002, message: expect.stringContaining(files[index] as string) as string })
      } else {
        expect([error, resource?.name, resource?.project]).toEqual([undefined, nameOf(copied++), 'alice/dest'])
      }
    })
  })

  it('a folder of 100,000 files, copied by one item, its results streamed', { timeout: 240_000 }, async () => {
    await makeFiles('huge', 100_000)
    const folder = await world.id('alice/source', 'huge')
    const submitted = await alice.json<JobWords>('POST', '/v2/async/files/copy', { items: [{ file: folder, project: 'alice/dest' }] }, 202)
    await world.server.engine.jobs.wait(callerOf('alice'), submitted.id, 120_000)
    const answer = await alice.send('GET', submitted.href)
    expect(answer.headers['transfer-encoding']).toBe('chunked')
    const job = JSON.parse(answer.body) as JobWords
    expect(job).toMatchObject({ state: 'FINISHED', total_files: 100_000, completed_files: 100_000, failed_files: 0 })
    expect(job.result).toHaveLength(100_000)
    const parent = await world.id('alice/dest', 'huge')
    const wrong = job.result.findIndex(({ resource }, index) => resource?.name !== nameOf(index) || resource.parent !== parent)
    expect(wrong).toBe(-1)
    expect(new Set(job.result.map(({ resource }) => resource?.id)).size).toBe(100_000)
  })
})

function nameOf(index: number): string {
  return `f${String(index).padStart(6, '0')}`
}
