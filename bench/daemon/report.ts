import { join } from 'node:path'
import { grouped } from '../figures.ts'
import { createCollections, fillByCopies, finished, submitCopy } from '../jobs.ts'
import { measured, type Measured, type Scale } from '../measured.ts'
import { makeTree } from '../tree.ts'
import { inWorld } from '../world.ts'
import { DAEMON, withDaemon } from './rclone-daemon.ts'

interface Size {
  readonly rounds: number
  readonly files: number
}

const SIZES: Readonly<Record<Scale, Size>> = {
  whole: { rounds: 3, files: 100_000 },
  quick: { rounds: 1, files: 10_000 },
  tiny: { rounds: 1, files: 200 },
}

/** A report: how many of the files it tells of, and how long it took. */
interface Report {
  readonly told: number
  readonly ms: number
}

/** What happened to each file of a finished job. */
export function daemonReport(scale: Scale): Promise<Measured> {
  const { rounds, files } = SIZES[scale]
  return inWorld(async ({ http, directory }) =>
    withDaemon(async daemon => {
      const tree = join(directory, 'tree')
      await makeTree(tree, files)
      await createCollections(http, 'big', 'copies')
      await fillByCopies(http, 'big', files)
      const job = await submitCopy(http, { collection: 'big', prefix: '' }, { collection: 'copies', prefix: '' })
      await finished(http, job, files)
      const jobid = await daemon.submit('sync/copy', { srcFs: tree, dstFs: join(directory, 'copies') })
      await daemon.finished(jobid)

      const [ours, theirs]: [Report[], Report[]] = [[], []]
      for (let round = 0; round < rounds; round++) {
        ours.push(
          await reported(async () => {
            const { status, body } = await http.send('GET', `/v1/jobs/${job.id}/report?format=ndjson`)
            if (status !== 200) throw new Error(`the report answered ${status}`)
            return body
              .trimEnd()
              .split('\n')
              .filter(line => (JSON.parse(line) as { state: string }).state === 'done').length
          }),
        )
        theirs.push(
          await reported(async () => (await daemon.call<{ transferred: unknown[] }>('core/transferred', { group: `job/${jobid}` })).transferred.length),
        )
      }
      const of = `report of a job over ${grouped(files)} files`
      const peer = (value: (report: Report) => number): { name: string; values: number[] } => ({
        name: `${DAEMON}, core/transferred`,
        values: theirs.map(value),
      })
      const share = (report: Report): number => (100 * report.told) / files
      const note = "the daemon's answer has the last hundred files or so, ours every one"
      return measured([
        { name: 'report_files_percent', what: `${of}: files that it tells of`, unit: '%', better: 'more', ours: ours.map(share), peer: peer(share) },
        { name: 'report_ms', what: `${of}: from asking to its end`, unit: 'ms', better: 'less', ours: ours.map(it => it.ms), peer: peer(it => it.ms), note },
      ])
    }),
  )
}

async function reported(report: () => Promise<number>): Promise<Report> {
  const begin = performance.now()
  const told = await report()
  return { told, ms: performance.now() - begin }
}
