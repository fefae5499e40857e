import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ClientError, type ServerEvent, type SubmitItem, WaybillClient } from '../../src/client/index.ts'
import { type BreakingLine, startBreakingLine } from '../support/breaking-line.ts'
import { gathered } from '../support/gathered.ts'
import { createToken, spawnServer } from '../support/server-process.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { sha256 } from '../support/sha256.ts'

let server: TestServer
let line: BreakingLine
let token = ''
/** Straight to the server, and over the line that breaks. */
let client: WaybillClient
let through: WaybillClient

beforeAll(async () => {
  server = await startTestServer()
  token = await server.token('alice')
  client = new WaybillClient({ url: server.url, token })
  await client.collections.create({ id: 'photos' })
  await client.upload('photos', 'a', 'a')
})

beforeEach(async () => {
  line = await startBreakingLine(server.url)
  through = new WaybillClient({ url: line.url, token })
  return () => line.close()
})

afterAll(async () => {
  await server.close()
})

async function refusal(call: Promise<unknown>): Promise<ClientError> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ClientError)
  return error as ClientError
}

function* copies(count: number): Generator<SubmitItem, void, undefined> {
  for (let n = 0; n < count; n++) yield { source: { collection: 'photos', path: 'a' }, destination: { collection: 'photos', path: `copy/${n}` } }
}

/** Every first connection loses its answer: the server did what it was asked, and nobody hears of it. */
const loseFirstAnswer = (connection: number) => (connection === 0 ? ({ how: 'cut', of: 'answer', afterBytes: 0 } as const) : null)

describe('a job whose answer is lost', () => {
  const jobs = (label: string) => gathered(client.jobs.list({ label }))

  it.each([
    ['as JSON', (): SubmitItem[] => [...copies(3)], 3],
    ['as a long array', (): SubmitItem[] => [...copies(5000)], 5000],
    ['as a function that gives a stream', () => () => copies(5000), 5000],
  ])('is submitted again %s, and is there once', async (label, items, count) => {
    line.plan(loseFirstAnswer)
    const job = await through.submit({ kind: 'copy', items: items(), label })
    expect(line.breaks).toBe(1)
    expect(await client.wait(job.id)).toMatchObject({ outcome: 'succeeded', counts: { done: count } })
    expect(await jobs(label)).toHaveLength(1)
  })

  it('is submitted again when its body broke off in the middle', async () => {
    line.plan(connection => (connection === 0 ? { how: 'cut', of: 'request', afterBytes: 100_000 } : null))
    const job = await through.submit({ kind: 'copy', items: [...copies(5000)], label: 'half' })
    expect(line.breaks).toBe(1)
    expect(await client.wait(job.id)).toMatchObject({ counts: { total: 5000 } })
    expect((await jobs('half')).map(one => one.id)).toEqual([job.id])
  })

  it('tells its key when its items cannot be gone through again', async () => {
    line.plan(loseFirstAnswer)
    const error = await refusal(through.submit({ kind: 'copy', items: copies(5000), label: 'once' }))
    expect(error).toMatchObject({ status: 0, code: 'unreachable', retryable: true })
    const again = await through.submit({ kind: 'copy', items: copies(5000), label: 'once' }, { idempotencyKey: error.idempotencyKey })
    expect((await jobs('once')).map(one => one.id)).toEqual([again.id])
  })

  it('is not submitted again without a key', async () => {
    line.plan(loseFirstAnswer)
    expect(await refusal(through.submit({ kind: 'copy', items: [...copies(1)] }, { idempotencyKey: null }))).toMatchObject({ status: 0, idempotencyKey: null })
  })
})

describe('items that are streamed', () => {
  it('end with the error that their iterator throws, and leave no job', async () => {
    async function* failing(): AsyncGenerator<SubmitItem, void, undefined> {
      yield* copies(2000)
      await Promise.reject(new RangeError('no more'))
    }
    await expect(client.submit({ kind: 'copy', items: failing(), label: 'failing' })).rejects.toThrow(new RangeError('no more'))
    expect(await gathered(client.jobs.list({ label: 'failing' }))).toEqual([])
  })

  /** Items without end, all of this path; tells when it is ended itself. */
  async function* endless(path: string, ended: () => void): AsyncGenerator<SubmitItem, void, undefined> {
    try {
      for (;;) yield await Promise.resolve({ source: { collection: 'photos', path } })
    } finally {
      ended()
    }
  }

  it('are asked for no longer when the server refuses one', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const error = await refusal(client.submit({ kind: 'delete', items: endless('../a', resolve) }))
    expect(error.status).toBe(400)
    expect(error.errors[0]).toMatchObject({ line: 1 })
    await promise
  })

  it('are asked for no longer when the signal aborts', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const signal = AbortSignal.timeout(50)
    await expect(client.submit({ kind: 'delete', items: endless('a', resolve), label: 'aborted' }, { signal })).rejects.toMatchObject({ name: 'TimeoutError' })
    await promise
    expect(await gathered(client.jobs.list({ label: 'aborted' }))).toEqual([])
  })
})

describe('bytes', () => {
  const bytes = randomBytes(1_000_000)

  it('are downloaded in spite of breaks, the rest of them from where it broke', async () => {
    await client.upload('photos', 'big', bytes)
    line.plan(connection => (connection < 4 ? { how: 'cut', of: 'answer', afterBytes: 200_000 } : null))
    expect(sha256(await (await through.download('photos', 'big')).bytes())).toBe(sha256(bytes))
    expect(line.breaks).toBe(4)
    line.plan(connection => (connection < 2 ? { how: 'cut', of: 'answer', afterBytes: 100_000 } : null))
    const part = await through.download('photos', 'big', { range: { start: 500_000, end: 799_999 } })
    expect(sha256(await part.bytes())).toBe(sha256(bytes.subarray(500_000, 800_000)))
  })

  it('of two versions are never mixed', async () => {
    await client.upload('photos', 'changing', bytes)
    line.plan(connection => (connection === 0 ? { how: 'cut', of: 'answer', afterBytes: 200_000 } : null))
    const answer = await through.download('photos', 'changing')
    await client.upload('photos', 'changing', randomBytes(1_000_000))
    await expect(answer.bytes()).rejects.toMatchObject({ status: 412 })
  })

  it('are uploaded again when the answer is lost, but not under a condition', async () => {
    line.plan(loseFirstAnswer)
    expect(await through.upload('photos', 'up', bytes)).toMatchObject({ digest: sha256(bytes) })
    line.plan(loseFirstAnswer)
    through = new WaybillClient({ url: line.url, token })
    expect(await refusal(through.upload('photos', 'new', bytes, { ifNoneMatch: '*' }))).toMatchObject({ status: 0 })
    expect(await client.entries.metadata('photos', 'new')).toMatchObject({ version: 1, digest: sha256(bytes) })
  })
})

describe('a watch', () => {
  const stored = (events: readonly ServerEvent[]): readonly (string | null)[] => events.map(event => event.id).filter(id => id !== null)

  async function failedJob(count: number): Promise<{ readonly id: string; readonly events: readonly (string | null)[] }> {
    const items = Array.from({ length: count }, (_, n) => ({ source: { collection: 'photos', path: `none/${n}` } }))
    const { id } = await client.submit({ kind: 'delete', items })
    await client.wait(id)
    const events = stored(await gathered(client.watch(id)))
    expect(events.length).toBe(count + 3)
    return { id, events }
  }

  it('that is cut off ten times misses nothing and repeats nothing', async () => {
    const { id, events } = await failedJob(300)
    line.plan(connection => (connection < 10 ? { how: 'cut', of: 'answer', afterBytes: 5000 } : null))
    expect(stored(await gathered(through.watch(id)))).toEqual(events)
    expect(line.breaks).toBe(10)
  })

  it('that falls silent goes on over another connection', async () => {
    const { id, events } = await failedJob(30)
    line.plan(connection => (connection === 0 ? { how: 'mute', of: 'answer', afterBytes: 5000 } : null))
    expect(stored(await gathered(through.watch(id, { silenceMs: 500 })))).toEqual(events)
    expect(line.breaks).toBe(1)
  })

  it('of what is not there is refused', async () => {
    await expect(gathered(client.watch('none'))).rejects.toMatchObject({ status: 404, code: 'job_not_found' })
  })
})

describe('a server that does not answer', () => {
  it('is told as unreachable, and an abort as what it is', async () => {
    const nobody = new WaybillClient({ url: 'http://127.0.0.1:9', token, awayMs: 0 })
    expect(await refusal(nobody.job('x'))).toMatchObject({ status: 0, code: 'unreachable', retryable: true })
    const patient = new WaybillClient({ url: 'http://127.0.0.1:9', token })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(patient.wait('x', { signal })).rejects.toThrow('enough')
    await expect(gathered(patient.watch('x', { signal }))).rejects.toThrow('enough')
    await expect(patient.wait('x', { signal: AbortSignal.timeout(100) })).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('does not end a wait, a watch or a list while it restarts', async () => {
    const own = await mkdtemp(join(tmpdir(), 'waybill-restart-'))
    const first = await spawnServer(own)
    const waiter = new WaybillClient({ url: first.url, token: await createToken(own, 'alice', ['read', 'write']), awayMs: 60_000 })
    await waiter.collections.create({ id: 'photos' })
    const items = Array.from({ length: 20_000 }, (_, n) => ({ source: { collection: 'photos', path: `none/${n}` } }))
    const { id } = await waiter.submit({ kind: 'delete', items })
    await waiter.pause(id)
    const waiting = waiter.wait(id, { everySeconds: 1 })
    const watching = gathered(waiter.watch(id))
    await first.kill()
    const listing = gathered(waiter.items(id))
    const second = await spawnServer(own, { args: ['--port', new URL(first.url).port] })
    await waiter.resume(id)
    expect(await waiting).toMatchObject({ state: 'finished', outcome: 'failed', counts: { failed: 20_000 } })
    expect((await watching).filter(event => event.type === 'item.failed')).toHaveLength(20_000)
    expect(await listing).toHaveLength(20_000)
    await second.stop()
    await rm(own, { recursive: true })
  })

  it('of another kind is told as that', async () => {
    const other = createServer((_request, response) => response.end()).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const stranger = new WaybillClient({ url: `http://127.0.0.1:${(other.address() as AddressInfo).port}` })
    expect(await refusal(gathered(stranger.jobs.list()))).toMatchObject({ status: 200, code: 'unexpected_answer', retryable: false })
    other.close()
  })

  it('that says "later" is left alone for as long as it says, and not beyond the patience', async () => {
    const strict = await startTestServer({ requestsPerMinute: 3 })
    try {
      const hasty = new WaybillClient({ url: strict.url, token: await strict.token('bob'), patienceMs: 1 })
      for (let n = 0; n < 3; n++) await hasty.whoami()
      const error = await refusal(hasty.whoami())
      expect(error).toMatchObject({ status: 429, code: 'rate_limited', retryable: true, problem: { type: '/errors/rate_limited' } })
      expect(error.retryAfterSeconds).toBeGreaterThan(0)
    } finally {
      await strict.close()
    }
  })
})
