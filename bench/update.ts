import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { request } from 'node:http'
import { figure, grouped, median, say, seconds } from './figures.ts'
import { sayMachine } from './machine.ts'
import type { Measured, Row, Scale } from './measured.ts'
import { residentMb, withPeakMemory } from './memory.ts'
import { settle } from './peers.ts'
import { inWorld, type World } from './world.ts'

/** How much is measured. */
interface Size {
  readonly subjects: number
  readonly rounds: number
}

const SIZES: Readonly<Record<Scale, Size>> = {
  whole: { subjects: 100_000, rounds: 5 },
  quick: { subjects: 10_000, rounds: 1 },
  tiny: { subjects: 100, rounds: 1 },
}
const PREDICATES = ['http://www.w3.org/2006/vcard/ns#FN', 'http://www.w3.org/2006/vcard/ns#note', 'http://example.org/ns#age'] as const

/** What one document took, in milliseconds. */
interface Round {
  readonly accepted: number
  readonly done: number
  readonly track: number
}

/** Tracked updates of the CM-Well dialect: one N-Triples document a round over many subjects. See bench/README.md. */
export function updateBench(scale: Scale): Promise<Measured> {
  const { subjects, rounds } = SIZES[scale]
  return inWorld(async world => {
    sayMachine(world.directory)
    await world.http.json('POST', '/v1/collections', { id: 'bench.example.org' })
    const before = residentMb(world.server.pid)
    const made: Round[] = []
    let peakMb = 0
    for (let round = 0; round < rounds; round += 1) {
      await settle()
      const run = await withPeakMemory(world.server.pid, () => oneRound(world, round, subjects))
      made.push(run.result)
      peakMb = Math.max(peakMb, run.peakMb)
    }
    const told = (of: (round: Round) => number): string => seconds(made.map(round => of(round) / 1000))
    const done = median(made.map(round => round.done)) / 1000
    const track = median(made.map(round => round.track))
    say('document', `${grouped(subjects)} subjects, ${PREDICATES.length} statements each, as N-Triples, new infotons in every round`)
    say('accepted', `${told(round => round.accepted)}   from sending the request to its answer, durable`)
    say('all Done', `${told(round => round.done)}   ${grouped(subjects / done)} subjects a second, from sending the request`)
    say('_track', `${told(round => round.track)}   the whole status document, ${grouped(subjects)} lines`)
    say('memory', `${Math.round(before)} MB before, ${Math.round(peakMb)} MB at most`)
    return {
      figures: {
        subjects_per_second: figure(subjects / done),
        accepted_ms: figure(median(made.map(round => round.accepted))),
        track_100k_ms: figure(track),
        rss_mb: figure(peakMb),
      },
      rows: rowsOf(made, subjects),
    }
  })
}

function rowsOf(made: readonly Round[], subjects: number): Row[] {
  const of = `a tracked CM-Well document of ${grouped(subjects)} subjects`
  const perSecond = made.map(round => subjects / (round.done / 1000))
  return [
    { name: 'subjects_per_second', what: `${of}, until all are Done`, unit: 'subjects/s', better: 'more', ours: perSecond },
    { name: 'accepted_ms', what: `${of}: answered, durable`, unit: 'ms', better: 'less', ours: made.map(round => round.accepted) },
    { name: 'track_100k_ms', what: `${of}: _track of all of it`, unit: 'ms', better: 'less', ours: made.map(round => round.track) },
  ]
}

async function oneRound({ http, server, token }: World, round: number, subjects: number): Promise<Round> {
  const begin = performance.now()
  const id = await ingest(server.url, token, document(round, subjects))
  const accepted = performance.now() - begin
  await allDone(http, subjects)
  const done = performance.now() - begin
  const asked = performance.now()
  const answer = await http.send('GET', `/_track/${id}`)
  const track = performance.now() - asked
  const lines = answer.body.split('\n').filter(line => line.endsWith('"Done" .')).length
  if (answer.status !== 200 || lines !== subjects) throw new Error(`_track answered ${answer.status} with ${lines} lines that are Done, not ${subjects}`)
  return { accepted, done, track }
}

/** The job of the document is the newest; its answer is held until it is finished. */
async function allDone(http: World['http'], subjects: number): Promise<void> {
  const { items } = await http.json<{ readonly items: readonly { readonly id: string }[] }>('GET', '/v1/jobs?kind=update&limit=1')
  const job = await http.json<{ readonly outcome: string; readonly counts: { readonly done: number } }>('GET', `/v1/jobs/${items[0]?.id ?? ''}`, undefined, {
    prefer: 'wait=60',
  })
  if (job.outcome !== 'succeeded' || job.counts.done !== subjects) throw new Error(`the update was to succeed: ${JSON.stringify(job)}`)
}

/** Sends the document as it is made, and returns its tracking id. */
async function ingest(url: string, token: string, lines: Iterable<string>): Promise<string> {
  const outgoing = request(`${url}/_in?format=ntriples&tracking`, { method: 'POST', headers: { 'x-cm-well-token': token } })
  const answered = new Promise<string>((resolve, reject) => {
    outgoing.on('error', reject).on('response', incoming => {
      incoming.resume()
      const id = incoming.headers['x-cm-well-tracking']
      if (incoming.statusCode === 200 && typeof id === 'string') resolve(id)
      else reject(new Error(`_in answered ${incoming.statusCode}`))
    })
  })
  await pipeline(Readable.from(lines), outgoing)
  return answered
}

const LINES_A_PIECE = 500

function* document(round: number, subjects: number): Generator<string> {
  const word = randomUUID().slice(0, 8)
  let piece = ''
  for (let n = 0; n < subjects; n += 1) {
    const subject = `<http://bench.example.org/${round}/${String(n).padStart(7, '0')}>`
    piece += `${subject} <${PREDICATES[0]}> "Name ${n} ${word}" .\n${subject} <${PREDICATES[1]}> "something longer that is said of number ${n}" .\n`
    piece += `${subject} <${PREDICATES[2]}> "${n % 100}"^^<http://www.w3.org/2001/XMLSchema#int> .\n`
    if (n % LINES_A_PIECE !== LINES_A_PIECE - 1) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}
