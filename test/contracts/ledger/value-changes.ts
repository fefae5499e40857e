import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { MAX_VALUES_BYTES, type Entry } from '../../../src/model/entry.ts'
import type { EntryChange } from '../../../src/model/entry-change.ts'
import type { SourceRef, SubmitItem } from '../../../src/model/job.ts'
import { sha256 } from '../../support/sha256.ts'
import { HOUR_MS, type Wish, type World } from './world.ts'

const OTHER = 'f'.repeat(32)
const NAME = 'http://example.org/ns#name'
const AGE = 'http://example.org/ns#age'

export function valueChangesContract(world: World): void {
  const change = (collection: string, path: string, to: EntryChange, conditions: Partial<SourceRef> = {}): SubmitItem => ({
    source: { collection, path, ...conditions },
    change: to,
  })
  const run = (items: readonly SubmitItem[], wish: Wish = {}): Promise<string> => world.run({ kind: 'update', ...wish, items }).then(({ id }) => id)
  const entry = async (collection: string, path: string): Promise<Entry> => {
    const found = await world.ledger.entry(collection, path)
    if (found === null) throw new Error(`there is no ${path}`)
    return found
  }
  const states = async (job: string): Promise<string[]> => (await world.items(job)).map(({ state }) => state)

  describe('changes of values', () => {
    it('make an object where nothing was, add to sets, and take away by field, namespace, graph and value', async () => {
      const c = await world.collection()
      const inGraph = { '@value': '8', '@graph': 'urn:g' }
      await run([change(c, 'x', { add: { [NAME]: ['Ann', 'Ann', 'Bea'], [AGE]: ['7', inGraph], other: ['o'] } })])
      expect(await entry(c, 'x')).toMatchObject({
        kind: 'object',
        version: 1,
        digest: null,
        size: 0,
        fields: { [NAME]: ['Ann', 'Bea'], [AGE]: ['7', inGraph], other: ['o'] },
      })
      await run([change(c, 'x', { remove: [{ what: 'value', field: NAME, value: 'Ann', graph: '*' }], add: { [NAME]: ['Cy'] } })])
      expect((await entry(c, 'x')).fields[NAME]).toEqual(['Bea', 'Cy'])
      await run([change(c, 'x', { remove: [{ what: 'field', field: AGE, graph: null }] })])
      expect((await entry(c, 'x')).fields[AGE]).toEqual([inGraph])
      await run([change(c, 'x', { remove: [{ what: 'namespace', namespace: 'http://example.org/ns#', graph: '*' }] })])
      expect(await entry(c, 'x')).toMatchObject({ version: 4, fields: { other: ['o'] } })
      await run([change(c, 'x', { remove: [{ what: 'field', field: '*', graph: '*' }] })])
      expect(await entry(c, 'x')).toMatchObject({ version: 5, deleted: false, fields: {} })
    })

    it('that would make the fields too large fail, and leave the version that was there', async () => {
      const c = await world.collection()
      const long = (letter: string): string => letter.repeat(MAX_VALUES_BYTES / 2)
      await run([change(c, 'x', { add: { [NAME]: [long('a')] } })])
      const id = await run([change(c, 'x', { add: { [NAME]: [long('b')] } }), change(c, 'y', { add: { [NAME]: ['small'] } })])
      expect((await world.items(id)).map(({ state, reason }) => [state, reason?.code])).toEqual([
        ['failed', 'fields_too_large'],
        ['done', undefined],
      ])
      expect((await entry(c, 'x')).version).toBe(1)
    })

    it('of a file that has no bytes fail', async () => {
      const c = await world.collection()
      const id = await run([change(c, 'f', { kind: 'file', mediaType: 'text/plain' })])
      expect((await world.items(id)).map(({ state, reason }) => [state, reason?.code])).toEqual([['failed', 'entry_not_found']])
      expect(await world.ledger.entry(c, 'f')).toBeNull()
    })

    it('that change nothing are done and keep the version; later versions are later by at least a millisecond', async () => {
      const c = await world.collection()
      const add = { [NAME]: ['Ann', { '@value': 'Anna', '@language': 'DE' }] }
      await run([change(c, 'x', { add })])
      const first = await entry(c, 'x')
      const id = await run([
        change(c, 'x', { add: { [NAME]: [{ '@value': 'Anna', '@language': 'de' }, 'Ann'] } }),
        change(c, 'x', { remove: [{ what: 'field', field: NAME, graph: '*' }], add }),
        change(c, 'gone', { delete: true }),
      ])
      expect(await states(id)).toEqual(['done', 'done', 'done'])
      expect(await entry(c, 'x')).toEqual(first)
      expect(await world.ledger.entry(c, 'gone')).toBeNull()
      await run([change(c, 'x', { add: { [AGE]: ['1'] } })])
      expect((await entry(c, 'x')).modifiedAt).toBe(first.modifiedAt + 1)
    })

    it('find the newest version in their conditions, tombstones included', async () => {
      const c = await world.collection()
      const add = { [NAME]: ['Ann'] }
      const id = await run([change(c, 'x', { add }, { version: 0 }), change(c, 'y', { add }, { ifMatch: OTHER })])
      expect(await states(id)).toEqual(['done', 'evicted'])
      expect((await world.items(id))[1]?.reason).toMatchObject({ code: 'condition_failed', expected: OTHER, actual: null })
      expect(await world.ledger.entry(c, 'y')).toBeNull()

      const { revision } = await entry(c, 'x')
      const there = await run([change(c, 'x', { add }, { version: 0 })])
      expect((await world.items(there))[0]?.reason).toMatchObject({ expected: null, actual: revision })
      await run([change(c, 'x', { delete: true }, { ifMatch: revision })])
      const tombstone = await world.ledger.entry(c, 'x')
      expect(tombstone).toMatchObject({ deleted: true, version: 2, fields: {} })
      const again = await run([change(c, 'x', { add }, { version: 0 }), change(c, 'x', { add }, { ifMatch: revision })])
      expect((await world.items(again)).map(({ reason }) => reason?.actual)).toEqual([tombstone?.revision, tombstone?.revision])
      await run([change(c, 'x', { add }, { ifMatch: tombstone?.revision ?? '' })])
      expect(await entry(c, 'x')).toMatchObject({ deleted: false, version: 3, fields: add })
      expect((await entry(c, 'x')).entityId).not.toBe(tombstone?.entityId)
    })

    it('give an entry bytes, which are kept for the job until it is purged, and make a link of it', async () => {
      const c = await world.collection()
      const digest = sha256('content of a change')
      const items = [change(c, 'f', { kind: 'file', mediaType: 'text/plain', content: { digest, size: 19 }, add: { [NAME]: ['file'] } })]
      const job = await world.start({ kind: 'update', retentionMs: HOUR_MS, items })
      expect(await world.ledger.referenced('local', [digest])).toEqual(new Set([digest]))
      await world.work(job)
      expect(await entry(c, 'f')).toMatchObject({ kind: 'file', digest, size: 19, mediaType: 'text/plain', fields: { [NAME]: ['file'] } })
      await run([change(c, 'f', { add: { [AGE]: ['1'] } })])
      expect(await entry(c, 'f')).toMatchObject({ kind: 'file', digest, size: 19, version: 2 })
      await run([change(c, 'f', { kind: 'link', add: { to: ['/elsewhere'] } })])
      expect(await entry(c, 'f')).toMatchObject({ kind: 'link', digest: null, size: 0, version: 3 })
    })

    it('make the folders above what they make, put values on folders, and refuse what breaks the tree', async () => {
      const c = `h-${randomUUID()}.example`
      await world.ledger.createCollection({ id: c, name: c, store: 'local', addressable: true, attributes: {}, createdBy: 'alice' })
      const add = { [NAME]: ['Ann'] }
      const id = await run([
        change(c, 'a/b/x', { add }),
        change(c, 'a', { add }),
        change(c, 'a/y', { kind: 'file', content: { digest: sha256('y'), size: 1 } }),
      ])
      expect(await states(id)).toEqual(['done', 'done', 'done'])
      const kinds = async (): Promise<string[]> => Promise.all(['a', 'a/b', 'a/b/x', 'a/y'].map(async path => (await entry(c, path)).kind))
      expect(await kinds()).toEqual(['object', 'folder', 'object', 'file'])
      const bad = await run([change(c, 'a/y/z', { add }), change(c, 'a/b', { kind: 'file', content: { digest: sha256('y'), size: 1 } })])
      expect((await world.items(bad)).map(({ reason }) => reason?.code)).toEqual(['entry_exists', 'entry_exists'])
      expect(await kinds()).toEqual(['object', 'folder', 'object', 'file'])
      const patched = await world.run({ kind: 'update', items: [{ source: { collection: c, path: 'a/b' }, fields: { note: 'of a folder' } }] })
      expect(patched).toMatchObject({ outcome: 'succeeded' })
      expect(await entry(c, 'a/b')).toMatchObject({ kind: 'folder', fields: { note: 'of a folder' } })
      await run([change(c, 'a', { delete: true })])
      expect(await entry(c, 'a')).toMatchObject({ deleted: true })
      await run([change(c, 'a/w', { add })])
      expect(await entry(c, 'a')).toMatchObject({ kind: 'folder', deleted: false })
    })

    it('of one path follow each other in the order of the items; a dry run changes nothing', async () => {
      const c = await world.collection()
      const items = Array.from({ length: 20 }, (_, n) => change(c, 'x', { remove: [{ what: 'field', field: AGE, graph: '*' }], add: { [AGE]: [`${n}`] } }))
      await run(items, { dryRun: true })
      expect(await world.ledger.entry(c, 'x')).toBeNull()
      await run(items)
      expect(await entry(c, 'x')).toMatchObject({ version: 20, fields: { [AGE]: ['19'] } })
    })
  })
}
