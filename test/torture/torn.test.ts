import { copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { brokenIn } from '../../src/ledger/sqlite/soundness.ts'
import { waybill } from '../e2e/command.ts'
import { Http } from '../support/http.ts'
import { createToken, spawnServer } from '../support/server-process.ts'
import { isGone } from './errands/desk.ts'
import { Random } from '../support/random.ts'

const IMAGES = 4
const CLIENTS = 3
const DAMAGES = 8
const SEED = 4
/** The format of the log: a header, then frames of a header and a page (https://www.sqlite.org/fileformat.html#the_write_ahead_log). */
const LOG_HEADER = 32
const PAGE = 16_384
const FRAME = 24 + PAGE
/** Where its index says how many frames are in the file already (https://www.sqlite.org/walformat.html, nBackfill). */
const FOLDED_AT = 96

/** What lay on the disk at one moment, and how many jobs of each client were acknowledged by then. */
interface Image {
  readonly file: string
  readonly acknowledged: readonly number[]
  /** From this byte on nothing of the log is in the file yet. */
  readonly tail: number
  readonly logBytes: number
}

describe('a ledger that was torn off', () => {
  const random = new Random(SEED)
  let root: string
  const images: Image[] = []

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'waybill-torn-'))
    const data = join(root, 'data')
    const token = await createToken(data, 'torn', ['read', 'write'])
    const server = await spawnServer(data)
    const http = new Http(server.url, token)
    for (const id of ['from', 'to']) await http.json('POST', '/v1/collections', { id })
    await http.send('PUT', '/v1/collections/from/entries/file', Buffer.from('a file'))
    const acknowledged = Array.from({ length: CLIENTS }, () => 0)
    const clients = acknowledged.map((_, client) => submitAll(http, client, () => (acknowledged[client] = (acknowledged[client] as number) + 1)))
    for (let n = 0; n < IMAGES; n++) {
      await pause(random.between(150, 700))
      // all of its threads at once: the files are what a power cut would leave
      process.kill(server.pid, 'SIGSTOP')
      images.push(takeImage(join(data, 'ledger.db'), join(root, `image-${n}.db`), [...acknowledged]))
      process.kill(server.pid, 'SIGCONT')
    }
    await server.kill()
    await Promise.all(clients)
    http.close()
  }, 120_000)
  afterAll(() => rm(root, { recursive: true, force: true }))

  /** The image as a data directory of its own, which may be damaged further. */
  function laid(image: Image, log: string | null = `${image.file}-wal`): { data: string; file: string } {
    const data = join(root, 'laid')
    rmSync(data, { recursive: true, force: true })
    mkdirSync(data)
    const file = join(data, 'ledger.db')
    copyFileSync(image.file, file)
    if (log !== null) copyFileSync(log, `${file}-wal`)
    return { data, file }
  }

  it('shows every acknowledged job, whatever became of the index of its log', () => {
    for (const image of images) {
      for (const index of [null, Buffer.alloc(32_768), readFileSync(`${(images[0] as Image).file}-shm`), Buffer.from('no index at all')]) {
        const { file } = laid(image)
        if (index !== null) writeFileSync(`${file}-shm`, index)
        expect(open(file), `image ${image.file}`).toEqual(expect.objectContaining({ broken: [], gaps: [] }))
        const { jobs } = open(file)
        for (const [client, n] of image.acknowledged.entries()) expect(jobs[client]).toBeGreaterThanOrEqual(n)
      }
    }
  })

  it('shows a beginning of its history when the end of its log was cut off or damaged', () => {
    let shorter = 0
    for (const image of images) {
      const whole = sum(open(laid(image).file).jobs)
      for (let n = 0; n < DAMAGES; n++) {
        const { file } = laid(image)
        if (image.logBytes <= image.tail) continue
        const at = random.between(image.tail, image.logBytes - 1)
        if (random.chance(0.5)) truncateSync(`${file}-wal`, at)
        else flip(`${file}-wal`, at, random)
        const found = open(file)
        expect(found, `${image.file}, byte ${at}`).toEqual(expect.objectContaining({ broken: [], gaps: [] }))
        if (sum(found.jobs) < whole) shorter += 1
      }
    }
    expect(shorter).toBeGreaterThan(0)
  })

  it('is refused, or known to be damaged, or shows a beginning of its history, whatever else happened to its files', () => {
    const silent: string[] = []
    for (const image of images) {
      for (let n = 0; n < DAMAGES; n++) {
        const other = random.pick(images)
        const way = random.pick(['log of another moment', 'no log', 'page of zeros', 'log cut anywhere'])
        const { file } = laid(image, way === 'no log' || way === 'page of zeros' ? null : `${(way === 'log of another moment' ? other : image).file}-wal`)
        if (way === 'page of zeros') clearPage(file, random)
        if (way === 'log cut anywhere') truncateSync(`${file}-wal`, random.between(0, image.logBytes))
        if (outcome(file) === 'silently wrong') silent.push(`${way} ${image.file} ${other.file}`)
      }
    }
    expect(silent).toEqual([])
  })

  it('is refused by a server, and called damaged by the doctor, when it is no database any more', async () => {
    const { data, file } = laid(images[0] as Image, null)
    const bytes = readFileSync(file)
    writeFileSync(file, bytes.fill(0x55, 0, 100))
    const sentence = /the file of the ledger is damaged \(file is not a database\): stop the server, .* restore a backup/
    const doctor = await waybill(['doctor', '--data', data])
    expect(doctor.code).toBe(2)
    expect(doctor.out).toMatch(sentence)
    const serve = await waybill(['serve', '--data', data, '--port', '0'])
    expect(serve.code).not.toBe(0)
    expect(serve.err).toMatch(sentence)
  })

  it('is called damaged by the doctor when it opens and rows of it are lost', async () => {
    const { data, file } = laid(images.at(-1) as Image)
    const ledger = new DatabaseSync(file)
    ledger.exec('PRAGMA foreign_keys = OFF; DELETE FROM item WHERE id = (SELECT max(id) FROM item WHERE state = 2)')
    ledger.close()
    const doctor = await waybill(['doctor', '--data', data])
    expect(doctor.code).toBe(2)
    expect(doctor.out).toMatch(
      /FAIL +rows +the ledger is damaged; stop the server and restore a backup: I3: the counters of a job are not the sum of its items/,
    )
  })
})

async function submitAll(http: Http, client: number, acknowledge: () => void): Promise<void> {
  try {
    for (let n = 0; ; n++) {
      const items = Array.from({ length: 1 + (n % 40) }, (_, at) => ({
        source: { collection: 'from', path: 'file' },
        destination: { collection: 'to', path: `${client}/${n}/${at}` },
      }))
      await http.json('POST', '/v1/jobs', { kind: 'copy', label: `${client}-${n}`, items })
      acknowledge()
    }
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

function takeImage(from: string, file: string, acknowledged: readonly number[]): Image {
  for (const ending of ['', '-wal', '-shm']) copyFileSync(`${from}${ending}`, `${file}${ending}`)
  const folded = readFileSync(`${file}-shm`).readUInt32LE(FOLDED_AT)
  return { file, acknowledged, tail: LOG_HEADER + folded * FRAME, logBytes: readFileSync(`${file}-wal`).length }
}

/** How many jobs of each client there are, where one is missing in between, and what is broken. */
function open(file: string): { jobs: number[]; gaps: string[]; broken: string[] } {
  const ledger = new DatabaseSync(file)
  try {
    const labels = ledger
      .prepare('SELECT label FROM job WHERE sealed = 1')
      .all()
      .map(row => String(row['label']))
    const jobs = Array.from({ length: CLIENTS }, (_, client) => labels.filter(label => label.startsWith(`${client}-`)).length)
    const gaps = labels.filter(label => Number(label.split('-')[1]) >= (jobs[Number(label.split('-')[0])] as number))
    return { jobs, gaps, broken: brokenIn(file, Date.now()) }
  } finally {
    ledger.close()
  }
}

function outcome(file: string): 'refused' | 'known to be damaged' | 'a beginning' | 'silently wrong' {
  try {
    const { gaps, broken } = open(file)
    if (broken.length > 0) return 'known to be damaged'
    return gaps.length === 0 ? 'a beginning' : 'silently wrong'
  } catch {
    return 'refused'
  }
}

/** A page that the disk has lost. */
function clearPage(file: string, random: Random): void {
  const bytes = readFileSync(file)
  const page = random.between(0, Math.floor(bytes.length / PAGE) - 1)
  writeFileSync(file, bytes.fill(0, page * PAGE, (page + 1) * PAGE))
}

/** Turns a byte into another one. */
function flip(file: string, at: number, random: Random): void {
  const bytes = readFileSync(file)
  bytes[at] = (bytes[at] as number) ^ random.between(1, 255)
  writeFileSync(file, bytes)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, n) => all + n, 0)
}
