import { describe, expect, it } from 'vitest'
import { type Board, pageOf } from '../../../bench/board/page.ts'
import type { Row } from '../../../bench/measured.ts'

const won: Row = {
  name: 'copied_s',
  what: 'a tree',
  unit: 's',
  better: 'less',
  ours: [1, 2, 3],
  peer: { name: 'cp -r', values: [4, 4, 12] },
  note: 'both warm',
}
const lost: Row = { name: 'starts_ms', what: 'a start', unit: 'ms', better: 'less', ours: [900], peer: { name: 'rcd', values: [90] } }
const board: Board = {
  scale: 'whole',
  facts: [['kernel', 'Linux 1.2']],
  sections: [
    { name: 'copy', title: 'Copies', date: '2026-01-02', facts: [['kernel', 'Linux 1.2']], minutes: 4.6, came: { rows: [won, lost] } },
    { name: 'api', title: 'Requests', date: '2026-01-01', facts: [['kernel', 'Linux 1.1']], minutes: 0.2, came: { failure: 'the disk is full' } },
  ],
  left: [],
}

describe('the scoreboard', () => {
  it('shows medians, ranges and ratios paired by round', () => {
    expect(pageOf(board)).toContain('| `copied_s`: a tree | s | 2 (1 to 3) | cp -r: 4 (4 to 12) | 4 (2 to 4) | ahead |')
    expect(pageOf(board)).toContain('\n- `copied_s`: both warm\n')
    expect(pageOf(board)).toContain('| kernel | Linux 1.2 |')
    expect(pageOf(board)).toContain('`npm run bench -- copy`, 5 min, 2026-01-02\n')
  })

  it('says beneath a table which rows a note is about, unless it is about all', () => {
    const [copy] = board.sections
    const rows = [won, { ...lost, note: 'both warm' }]
    expect(pageOf({ ...board, sections: copy === undefined ? [] : [{ ...copy, came: { rows } }] })).toContain('\n- both warm\n')
  })

  it('says of what an earlier run measured when that was, and what was other than now', () => {
    expect(pageOf(board)).toContain('`npm run bench -- api`, less than a minute, 2026-01-01, kernel: Linux 1.1\n')
  })

  it('shows losses in the same table, in bold, and names them at its head', () => {
    expect(pageOf(board)).toContain('| `starts_ms`: a start | ms | 900 | rcd: 90 | 0.1 | **behind** |')
    expect(pageOf(board)).toContain('- **starts_ms** (`copy`): a start, 0.1 times as good as rcd\n')
    expect(pageOf(board)).toContain('Of 2 rows 1 ahead of the peer or at the goal, 0 even, 1 behind; 0 have no peer.')
  })

  it('says what failed, what was not run, and that a small run is one', () => {
    expect(pageOf(board)).toContain('**It failed, so there are no figures:** the disk is full')
    expect(pageOf(board)).not.toContain('--quick')
    expect(pageOf({ ...board, scale: 'quick' })).toContain('**A small run (`--quick`)')
    expect(pageOf({ ...board, left: ['size'] })).toContain('**Not run:** `size`.')
  })
})
