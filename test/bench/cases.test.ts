import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { benchAll } from '../../bench/board/all.ts'
import { BENCHES } from '../../bench/board/benches.ts'
import type { Row } from '../../bench/measured.ts'
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

it('one alone is run anew: the scoreboard keeps what it has of the others', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-board-'))
  vi.spyOn(BENCHES['size'] as (typeof BENCHES)[string], 'run').mockResolvedValue({ figures: {}, rows: [] })
  try {
    const page = join(directory, 'board.md')
    const row: Row = { name: 'kept_s', what: 'was kept', unit: 's', better: 'less', ours: [1] }
    const earlier = { title: 'Earlier', date: '2026-01-01', facts: [], minutes: 2, came: { rows: [row] } }
    const sections = ['copy', 'size'].map(name => ({ ...earlier, name }))
    await writeFile(join(directory, 'board.json'), JSON.stringify({ scale: 'tiny', sections }))
    expect(await benchAll({ scale: 'tiny', only: ['size'], json: false, page })).toBe(0)
    const kept = JSON.parse(await readFile(join(directory, 'board.json'), 'utf8')) as { sections: typeof sections }
    expect(kept.sections.map(({ name, date }) => [name, date === earlier.date])).toEqual([
      ['copy', true],
      ['size', false],
    ])
    expect(await readFile(page, 'utf8')).toContain('`kept_s`: was kept')
  } finally {
    await rm(directory, { recursive: true })
  }
})
