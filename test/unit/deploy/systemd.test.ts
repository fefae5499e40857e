import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DRAIN_SECONDS, settingsOf, textOf } from './files.ts'

const TEXT = textOf('deploy/waybill.service')

/** The values of a directive, in order, by systemd.syntax(7): sections, `Key=value`, comments; anything else is no unit. */
function directives(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  let section = ''
  for (const line of TEXT.split('\n').filter(each => each !== '' && !each.startsWith('#'))) {
    const [, header, key, value] = /^(?:\[(\w+)\]|([A-Z]\w*)=(.*))$/.exec(line) ?? []
    if (header === undefined && key === undefined) throw new Error(`no line of a unit: ${line}`)
    if (header !== undefined) section = header
    else found.set(`${section}.${key}`, [...(found.get(`${section}.${key}`) ?? []), value ?? ''])
  }
  return found
}

/** systemd's own opinion, with a program in the place of ours: it wants to see one there. Null where systemd is not installed. */
function verified(): string | null {
  if (spawnSync('systemd-analyze', ['--version']).status !== 0) return null
  const directory = mkdtempSync(join(tmpdir(), 'waybill-unit-'))
  try {
    const unit = join(directory, 'waybill.service')
    writeFileSync(unit, TEXT.replace('/usr/local/bin/waybill', process.execPath))
    const { stdout, stderr, status } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' })
    return `${stdout}${stderr}exit ${status}`
  } finally {
    rmSync(directory, { recursive: true })
  }
}

describe('the systemd unit', () => {
  it('is one that systemd takes', () => {
    expect([...directives().keys()].filter(key => key.endsWith('.ExecStart') || key.endsWith('.WantedBy'))).toEqual(['Service.ExecStart', 'Install.WantedBy'])
    expect([null, 'exit 0']).toContain(verified())
  })

  it('sets what the server takes, and keeps its data where systemd makes room for it', async () => {
    const words = directives()
      .get('Service.Environment')
      ?.flatMap(line => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? ''))
    const environment = Object.fromEntries((words ?? []).map(word => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]))
    const { config, warned } = await settingsOf(environment)
    expect(warned).toEqual([])
    expect(config.data).toBe(`/var/lib/${directives().get('Service.StateDirectory')?.[0] ?? ''}`)
    expect(execFileSync(process.execPath, ['--print', '1'], { env: environment, encoding: 'utf8' })).toBe('1\n')
  })

  it('runs it as a user of its own, and lets it finish before it is killed', () => {
    const only = (key: string): string | undefined => (directives().get(`Service.${key}`)?.length === 1 ? directives().get(`Service.${key}`)?.[0] : undefined)
    expect([only('User'), only('ProtectSystem'), only('NoNewPrivileges'), only('CapabilityBoundingSet')]).toEqual(['waybill', 'strict', 'yes', ''])
    expect(Number(/^(\d+)s$/.exec(only('TimeoutStopSec') ?? '')?.[1])).toBeGreaterThan(DRAIN_SECONDS)
  })
})
