import { apiBench } from '../api.ts'
import { BYTES_SIZES, bytesBench } from '../bytes.ts'
import { clusterBench } from '../cluster.ts'
import { consoleBench } from '../console.ts'
import { copyBench } from '../copy.ts'
import { daemonFairness, daemonPolls } from '../daemon/beside.ts'
import { daemonKept } from '../daemon/kept.ts'
import { daemonKill } from '../daemon/kill.ts'
import { daemonLarge } from '../daemon/large.ts'
import { daemonLate, daemonTwice } from '../daemon/promises.ts'
import { daemonReport } from '../daemon/report.ts'
import { daemonSubmits } from '../daemon/submits.ts'
import { daemonTree } from '../daemon/tree.ts'
import { existenceBench } from '../existence.ts'
import { barePostgres } from '../limits/postgres.ts'
import { bareSqlite } from '../limits/sqlite.ts'
import type { Measured, Scale } from '../measured.ts'
import { sizeBench } from '../size.ts'
import { updateBench } from '../update.ts'

/** A bench, and its heading on the scoreboard. */
export interface Bench {
  readonly title: string
  run(scale: Scale): Promise<Measured>
}

/** Every bench by the name of its command, in the order of the scoreboard. bench/README.md says what each measures. */
export const BENCHES: Readonly<Record<string, Bench>> = {
  copy: { title: 'Copies of a tree', run: copyBench },
  'bare-sqlite': { title: 'Beside SQLite alone', run: bareSqlite },
  'bare-postgres': { title: 'Beside PostgreSQL alone', run: barePostgres },
  api: { title: 'Requests', run: apiBench },
  update: { title: 'Tracked updates', run: updateBench },
  cluster: { title: 'Several servers', run: clusterBench },
  bytes: { title: 'Bytes from store to store', run: scale => bytesBench(BYTES_SIZES[scale]) },
  size: { title: 'Size on disk', run: sizeBench },
  console: { title: 'The page of a big job', run: consoleBench },
  existence: { title: 'What is hidden beside what is not there', run: existenceBench },
  'daemon-submits': { title: "Beside rclone's daemon: submissions", run: daemonSubmits },
  'daemon-tree': { title: "Beside rclone's daemon: a job over many files", run: daemonTree },
  'daemon-large': { title: "Beside rclone's daemon: a large file", run: daemonLarge },
  'daemon-polls': { title: "Beside rclone's daemon: polls while copying", run: daemonPolls },
  'daemon-kept': { title: "Beside rclone's daemon: memory of kept jobs", run: daemonKept },
  'daemon-kill': { title: "Beside rclone's daemon: kill -9", run: daemonKill },
  'daemon-report': { title: "Beside rclone's daemon: a report of every file", run: daemonReport },
  'daemon-fairness': { title: "Beside rclone's daemon: a small job beside a big one", run: daemonFairness },
  'daemon-twice': { title: "Beside rclone's daemon: the same request twice", run: daemonTwice },
  'daemon-late': { title: "Beside rclone's daemon: a late question", run: daemonLate },
}
