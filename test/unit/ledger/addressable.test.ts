import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { initial } from '../../../src/ledger/sqlite/migrations/0001-initial.ts'
import { liveChildren, liveEntity } from '../../../src/ledger/sqlite/addressable.ts'
import { SqliteLedger } from '../../../src/ledger/sqlite/sqlite-ledger.ts'
import { systemClock } from '../../../src/system/clock.ts'

let directory: string
let file: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-migration-'))
  file = join(directory, 'ledger.db')
})
afterEach(() => rm(directory, { recursive: true }))

/** The ledger as the first schema had it: a plain collection, an `owner/name` and a `host.name`, with a job between them. */
function firstSchema(): void {
  const db = new DatabaseSync(file)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON')
  db.exec(initial)
  db.exec('PRAGMA user_version = 1')
  const content = `randomblob(16), 1, randomblob(16), 0, 0, 1, zeroblob(32), 'text/plain', NULL, 5, 5, 'alice'`
  db.exec(`
    INSERT INTO collection VALUES (1, 'plain', 'p', 'local', '{}', 0, 'alice', 0, NULL), (2, 'rf/one', 'o', 'local', '{}', 0, 'ruth', 0, NULL),
      (3, 'host.name', 'h', 'local', '{}', 0, 'alice', 0, NULL);
    INSERT INTO access_grant VALUES (1, 'alice', 3, 0), (2, 'ruth', 3, 0), (2, 'alice', 1, 0), (3, 'alice', 3, 0);
    INSERT INTO lock VALUES (2, 'a', 'alice', 1, NULL, 0, 9e15);
    INSERT INTO entry SELECT 1, 'a/b', ${content};
    INSERT INTO entry SELECT 2, value, ${content} FROM json_each('["a/b/c.txt", "a/b/d.txt", "top", "top/beneath", "e/f"]');
    INSERT INTO history (collection, path, entity, version, revision, kind, deleted, size, digest, media_type, fields, created_at, modified_at, modified_by)
      SELECT 2, 'top', ${content};
    UPDATE entry SET version = 2 WHERE collection = 2 AND path = 'top';
    INSERT INTO entry SELECT 2, 'e', ${content};
    UPDATE entry SET deleted = 1, digest = NULL, size = 0 WHERE collection = 2 AND path = 'e';
    INSERT INTO job (key, id, number, kind, state, sealed, conflict, verify, dry_run, priority, dialect, retention_ms, submitted_by, total, pending, created_at, unresolved)
      VALUES (1, unhex('018f0000000070008000000000000001'), 7, 0, 1, 1, 0, 0, 0, 5, 'v1', 1000, 'alice', 0, 0, 0, 1);
    INSERT INTO job_collection VALUES (1, 1, 1), (1, 2, 0);
    INSERT INTO selection (job, no, src_collection, src_prefix, dst_collection, dst_prefix) VALUES (1, 0, 2, 'a/', 1, 'copied/');
  `)
  db.close()
}

describe('a ledger of the first schema', () => {
  it('makes its owned and hosted collections addressable, with all that names them', async () => {
    firstSchema()
    const ledger = await SqliteLedger.open(file, systemClock)
    const paths = async (id: string): Promise<string[]> => (await ledger.entries(id, {}, { limit: 100 })).items.map(({ path, kind }) => `${path} ${kind}`)
    expect(await Promise.all(['plain', 'rf/one', 'host.name'].map(async id => (await ledger.collection(id))?.addressable))).toEqual([false, true, true])
    expect(await paths('plain')).toEqual(['a/b file'])
    expect(await paths('rf/one')).toEqual([
      'a folder',
      'a/b folder',
      'a/b/c.txt file',
      'a/b/d.txt file',
      'e folder',
      'e/f file',
      'top file',
      'top/beneath file',
    ])
    expect((await ledger.versions('rf/one', 'top', { limit: 10 })).items.map(({ version }) => version)).toEqual([2, 1])
    const made = (await ledger.versions('rf/one', 'e', { limit: 10 })).items
    expect(made.map(({ version, deleted, modifiedBy }) => [version, deleted, modifiedBy])).toEqual([
      [2, false, 'ruth'],
      [1, true, 'alice'],
    ])
    expect(made[0]?.entityId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(await ledger.role('alice', 'rf/one')).toBe('readwrite')
    expect((await ledger.locksOver('rf/one', 'a/b')).map(({ holder }) => holder)).toEqual(['alice'])
    expect(await ledger.children('rf/one', 'a', {}, { offset: 0, limit: 10 })).toMatchObject({ items: [{ path: 'a/b' }], total: 1 })
    await ledger.close()
  })

  it('goes on with its jobs', async () => {
    firstSchema()
    const ledger = await SqliteLedger.open(file, systemClock)
    const [unfinished] = await ledger.unfinished(0, 10)
    const id = unfinished?.job ?? ''
    while ((await ledger.takeTurn(id, 'w', 1000)).do !== 'nothing');
    expect(await ledger.job(id)).toMatchObject({ state: 'finished', outcome: 'succeeded', counts: { done: 2 } })
    expect((await ledger.entries('plain', { prefix: 'copied/' }, { limit: 10 })).items.map(({ path }) => path)).toEqual(['copied/b/c.txt', 'copied/b/d.txt'])
    await ledger.close()
  })

  it('gives plain collections positive keys also when all that is there is addressable', async () => {
    const ledger = await SqliteLedger.open(file, systemClock)
    for (const id of ['a/1', 'a/2', 'plain', 'a/3', 'other']) {
      await ledger.createCollection({ id, name: id, store: 'local', attributes: {}, createdBy: 'alice' })
    }
    await ledger.close()
    const db = new DatabaseSync(file)
    expect(db.prepare('SELECT id, key FROM collection ORDER BY key').all()).toEqual(
      [
        ['a/3', -3],
        ['a/2', -2],
        ['a/1', -1],
        ['plain', 1],
        ['other', 2],
      ].map(([id, key]) => ({ id, key })),
    )
    db.close()
  })
})

describe('what is asked of addressable collections is found by index', () => {
  const plan = (sql: string): string => {
    const db = new DatabaseSync(file)
    const steps = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]
    db.close()
    return steps.map(({ detail }) => detail).join('; ')
  }

  it('by entity, by revision, by folder', async () => {
    await (await SqliteLedger.open(file, systemClock)).close()
    expect(plan(`SELECT * FROM entry e WHERE ${liveEntity('e', ':entity')}`)).toBe('SEARCH e USING INDEX entry_by_entity (entity=? AND collection<?)')
    expect(plan('SELECT * FROM entry e WHERE e.revision = :r AND e.collection < 0')).toBe(
      'SEARCH e USING INDEX entry_by_revision (revision=? AND collection<?)',
    )
    expect(plan('SELECT * FROM history e WHERE e.revision = :r AND e.collection < 0')).toBe(
      'SEARCH e USING INDEX history_by_revision (revision=? AND collection<?)',
    )
    const children = `SELECT * FROM ${liveChildren('e', ':key', ':folder')}`
    expect(plan(`${children} ORDER BY e.path LIMIT 10`)).toBe('SEARCH e USING INDEX entry_children (collection=? AND <expr>=?)')
    const beneath = `SELECT 1 FROM entry d WHERE d.collection = 1 AND EXISTS (SELECT 1 FROM ${liveChildren('e', 'd.collection', 'd.path')})`
    expect(plan(beneath)).toContain('USING COVERING INDEX entry_children (collection=? AND <expr>=?)')
    expect(plan(`${children} AND e.path IN (SELECT value FROM json_each(:paths)) ORDER BY e.path`)).toMatch(
      /^SEARCH e USING INDEX entry_children \(collection=\? AND <expr>=\? AND path=\?\)/,
    )
  })
})
