import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDatabase, type TestDatabase } from '../support/postgres-database.ts'
import { startSwift, SWIFT_START_MS, type SwiftServer } from '../support/servers/swift.ts'
import { notSeen, runPage } from './page-run.ts'
import { type Block, blocksOf, needsOf, noteOf, pages, placeOf } from './pages.ts'

/** Far more than any page takes, on a slow machine too. */
const MOST_MS = 180_000

const commands = (page: string): Block[] => blocksOf(page).filter(block => block.language === 'sh')
const isRun = (block: Block): boolean => noteOf(block, 'not run') === null
const withCommands = pages().filter(page => commands(page).some(isRun))

async function run(page: string, env: NodeJS.ProcessEnv): Promise<void> {
  const blocks = commands(page).filter(isRun)
  const { failure, outputs, asRun } = await runPage(blocks, env, MOST_MS)
  expect(failure, failure ?? '').toBeNull()
  for (const [at, block] of blocks.entries()) {
    const missing = block.seen === null ? [] : notSeen(asRun(block.seen), outputs[at] ?? '')
    expect(missing, `${placeOf(block)} printed:\n${outputs[at] ?? ''}`).toEqual([])
  }
}

describe('the commands run as they are printed, and show what is printed, in', () => {
  let [database, swift]: [TestDatabase | null, SwiftServer | null] = [null, null]
  beforeAll(async () => {
    const needs = withCommands.map(needsOf)
    if (needs.some(({ postgres }) => postgres)) database = await createDatabase()
    if (needs.some(({ buckets }) => buckets !== null)) swift = await startSwift()
    if (swift !== null) await makeBuckets(swift, new Set(needs.flatMap(({ buckets }) => buckets ?? [])))
  }, SWIFT_START_MS)
  afterAll(async () => {
    await database?.drop()
    await swift?.stop()
  })

  /** What the pages that need them find in their environment. */
  const given = (page: string): NodeJS.ProcessEnv => {
    const { postgres, buckets } = needsOf(page)
    const s3 =
      buckets === null || swift === null ? {} : { S3_ENDPOINT: swift.url, S3_KEY: swift.credentials.accessKeyId, S3_SECRET: swift.credentials.secretAccessKey }
    return { ...s3, ...(postgres && database !== null ? { WAYBILL_DATABASE: database.url } : {}) }
  }

  it.concurrent.each(withCommands)('%s', { timeout: MOST_MS }, page => run(page, given(page)))
})

async function makeBuckets({ url: endpoint, region, credentials }: SwiftServer, names: ReadonlySet<string>): Promise<void> {
  const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
  for (const Bucket of names) await s3.send(new CreateBucketCommand({ Bucket }))
  s3.destroy()
}

it('those that are not run say why, and are these', () => {
  const left = pages()
    .flatMap(commands)
    .filter(block => !isRun(block))
  for (const block of left) expect(noteOf(block, 'not run')?.length, placeOf(block)).toBeGreaterThan(10)
  console.info(['commands that are not run:', ...left.map(block => `  ${placeOf(block)}: ${noteOf(block, 'not run') ?? ''}`)].join('\n'))
})
