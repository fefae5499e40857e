import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { BENCHES } from '../../bench/board/benches.ts'
import { INSTALL_MS, debianProgram } from '../support/servers/debian.ts'
import { SWIFT_START_MS } from '../support/servers/swift.ts'

/** What each is about stands in its figures; some are known beforehand, whatever the machine. */
const KNOWN: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'daemon-kill': { known_after_kill_percent: 100, known_after_kill_percent_peer: 0 },
  'daemon-report': { report_files_percent: 100 },
  'daemon-twice': { jobs_of_a_repeated_request: 1, jobs_of_a_repeated_request_peer: 2 },
  'daemon-late': { known_late_percent: 100, known_late_percent_peer: 0 },
}

beforeAll(async () => {
  await debianProgram('rclone')
  await debianProgram('rsync')
}, 2 * INSTALL_MS)
beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.restoreAllMocks()
})

it.each(Object.keys(BENCHES))('%s runs, and every row has its figure and as many rounds as its peer', { timeout: SWIFT_START_MS }, async name => {
  const { figures, rows } = (await BENCHES[name]?.run('tiny')) ?? { figures: {}, rows: [] }
  expect(rows.length).toBeGreaterThan(0)
  for (const row of rows) {
    expect(row.name).toMatch(/^[a-z0-9_]+$/)
    expect(row.ours.length).toBeGreaterThan(0)
    expect(row.ours.every(value => Number.isFinite(value))).toBe(true)
    if (row.peer === undefined) continue
    expect(row.peer.values).toHaveLength(row.ours.length)
    expect(row.peer.values.every(value => Number.isFinite(value))).toBe(true)
  }
  expect(Object.keys(figures).every(key => /^[a-z0-9_]+$/.test(key))).toBe(true)
  expect(figures).toMatchObject(KNOWN[name] ?? {})
})
