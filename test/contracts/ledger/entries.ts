import { describe, expect, it } from 'vitest'
import { all } from './collections.ts'
import { MERGE_PATCH_EXAMPLES } from './merge-patch-examples.ts'
import { sha256 } from '../../support/sha256.ts'
import { refusal, type World } from './world.ts'

export function entriesContract(world: World): void {
  describe('entries', () => {
    it('count their versions; each has a revision of its own, all have one entity id', async () => {
      const c = await world.collection()
      const first = await world.put(c, 'a', 'one', { fields: { tag: 'x' } })
      const now = world.clock.now()
      expect(first).toEqual({
        entityId: first.entityId,
        collection: c,
        path: 'a',
        kind: 'file',
        version: 1,
        revision: first.revision,
        size: 3,
        mediaType: 'text/plain',
        digest: sha256('one'),
        stamp: null,
        fields: { tag: 'x' },
        deleted: false,
        createdAt: now,
        modifiedAt: now,
        modifiedBy: 'alice',
      })
      expect(first.entityId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(first.revision).toMatch(/^[0-9a-f]{32}$/)
      world.clock.advance(1000)
      const second = await world.put(c, 'a', 'two', { subject: 'bob', fields: null, mediaType: 'text/html' })
      expect(second).toMatchObject({ entityId: first.entityId, version: 2, createdAt: now, modifiedAt: now + 1000, modifiedBy: 'bob', mediaType: 'text/html' })
      expect(second.fields, 'null keeps the fields').toEqual({ tag: 'x' })
      expect(second.revision).not.toBe(first.revision)
      expect(await world.entry(c, 'a')).toEqual(second)
      expect(await world.ledger.entry(c, 'a', 1)).toEqual(first)
      expect(await world.ledger.entry(c, 'a', 2)).toEqual(second)
      expect(await world.ledger.entry(c, 'a', 3)).toBeNull()
    })

    it('say whether a put created them', async () => {
      const c = await world.collection()
      const put = { collection: c, path: 'a', subject: 'alice', kind: 'file', digest: sha256(''), size: 0, mediaType: 'text/plain', fields: null } as const
      expect(await world.ledger.putEntry(put)).toMatchObject({ created: true })
      expect(await world.ledger.putEntry(put)).toMatchObject({ created: false, entry: { version: 2, size: 0 } })
      await world.ledger.removeEntry(put)
      expect(await world.ledger.putEntry(put)).toMatchObject({ created: true, entry: { version: 4 } })
    })

    it('end in a tombstone, a version without bytes; what comes after it is another entity', async () => {
      const c = await world.collection()
      const first = await world.put(c, 'a', 'one', { fields: { tag: 'x' } })
      world.clock.advance(1000)
      const tombstone = await world.ledger.removeEntry({ collection: c, path: 'a', subject: 'bob' })
      expect(tombstone).toMatchObject({ version: 2, deleted: true, digest: null, size: 0, fields: {}, entityId: first.entityId, modifiedBy: 'bob' })
      expect(await world.entry(c, 'a')).toEqual(tombstone)
      await refusal(world.ledger.removeEntry({ collection: c, path: 'a', subject: 'bob' }), 'entry_not_found')
      await refusal(world.ledger.patchEntry({ collection: c, path: 'a', subject: 'bob', fields: {} }), 'entry_not_found')
      const next = await world.put(c, 'a', 'two')
      expect(next).toMatchObject({ version: 3, deleted: false, fields: {}, createdAt: world.clock.now() })
      expect(next.entityId).not.toBe(first.entityId)
    })

    it('keep their history, newest first, in pages', async () => {
      const c = await world.collection()
      for (const text of ['1', '2', '3']) await world.put(c, 'a', text)
      await world.ledger.removeEntry({ collection: c, path: 'a', subject: 'alice' })
      await world.put(c, 'a', '5')
      const versions = await all(page => world.ledger.versions(c, 'a', page))
      expect(versions.map(({ version, digest }) => [version, digest])).toEqual([
        [5, sha256('5')],
        [4, null],
        [3, sha256('3')],
        [2, sha256('2')],
        [1, sha256('1')],
      ])
      expect(new Set(versions.map(({ revision }) => revision)).size).toBe(5)
      expect((await world.ledger.versions(c, 'b', { limit: 10 })).items).toEqual([])
    })

    it('are written under conditions, and told expected and actual when one fails', async () => {
      const c = await world.collection()
      const entry = await world.put(c, 'a')
      const other = 'f'.repeat(32)
      const cases = [
        [{ ifMatch: other }, other, entry.revision],
        [{ ifNoneMatch: '*' as const }, null, entry.revision],
        [{ ifVersion: 2 }, 'version 2', 'version 1'],
        [{ ifMatch: entry.revision, ifVersion: 7 }, 'version 7', 'version 1'],
      ] as const
      for (const [conditions, expected, actual] of cases) {
        expect((await refusal(world.put(c, 'a', 'x', { conditions }), 'precondition_failed')).facts).toEqual({ expected, actual })
        await refusal(world.ledger.removeEntry({ collection: c, path: 'a', subject: 'alice', conditions }), 'precondition_failed')
        await refusal(world.ledger.patchEntry({ collection: c, path: 'a', subject: 'alice', fields: {}, conditions }), 'precondition_failed')
      }
      expect((await refusal(world.put(c, 'b', 'x', { conditions: { ifMatch: other } }), 'precondition_failed')).facts).toEqual({
        expected: other,
        actual: null,
      })
      expect(await world.versions(c, 'a')).toEqual(['1'])
      expect(await world.versions(c, 'b')).toEqual([])
      const second = await world.put(c, 'a', 'x', { conditions: { ifMatch: entry.revision, ifVersion: 1 } })
      await world.ledger.removeEntry({ collection: c, path: 'a', subject: 'alice', conditions: { ifVersion: 2 } })
      const gone = { conditions: { ifMatch: second.revision } }
      expect((await refusal(world.put(c, 'a', 'x', gone), 'precondition_failed')).facts.actual, 'a tombstone matches nothing').toBeNull()
      expect(await world.put(c, 'a', 'x', { conditions: { ifNoneMatch: '*' } })).toMatchObject({ version: 4 })
    })

    it('are patched by RFC 7396: its own examples', async () => {
      const c = await world.collection()
      for (const [index, [before, patch, after]] of MERGE_PATCH_EXAMPLES.entries()) {
        await world.put(c, `f${index}`, 'x', { fields: before })
        const patched = await world.ledger.patchEntry({ collection: c, path: `f${index}`, subject: 'bob', fields: patch })
        expect(patched.fields, JSON.stringify(patch)).toEqual(after)
        expect(patched).toMatchObject({ version: 2, digest: sha256('x'), size: 1, modifiedBy: 'bob' })
      }
    })

    it('get another media type without touching their fields, in any script', async () => {
      const c = await world.collection()
      await world.put(c, 'ö/\u{1F4E6}', 'x', { fields: { 'naïve "key"\n': '\u{1F680}', n: 1.5e300 } })
      const patched = await world.ledger.patchEntry({ collection: c, path: 'ö/\u{1F4E6}', subject: 'alice', mediaType: 'image/png' })
      expect(patched).toMatchObject({ mediaType: 'image/png', fields: { 'naïve "key"\n': '\u{1F680}', n: 1.5e300 }, path: 'ö/\u{1F4E6}' })
    })

    it('name the blobs that some version refers to', async () => {
      const c = await world.collection()
      await world.put(c, 'a', 'old blob')
      await world.put(c, 'a', 'new blob')
      await world.put(c, 'b', 'gone blob')
      await world.ledger.removeEntry({ collection: c, path: 'b', subject: 'alice' })
      const wanted = ['old blob', 'new blob', 'gone blob', 'never'].map(sha256)
      expect(await world.ledger.referenced('local', wanted)).toEqual(new Set(wanted.slice(0, 3)))
      expect(await world.ledger.referenced('elsewhere', wanted)).toEqual(new Set())
      expect(await world.ledger.referenced('local', [])).toEqual(new Set())
    })
  })

  describe('listings', () => {
    const PATHS = ['a', 'a/b', 'a/c/d', 'a/c/e', 'a0', 'b', 'é/x', '\uFFFD/y', '\u{1F4E6}/z']

    it('go in the order of UTF-8 bytes, by prefix, without tombstones unless asked', async () => {
      const c = await world.collection()
      for (const path of PATHS.toReversed()) await world.put(c, path)
      await world.ledger.removeEntry({ collection: c, path: 'b', subject: 'alice' })
      const list = async (filter: Parameters<typeof world.ledger.entries>[1], limit = 3): Promise<string[]> =>
        (await all(page => world.ledger.entries(c, filter, page), limit)).map(({ path }) => path)
      const live = PATHS.filter(path => path !== 'b')
      for (const limit of [1, 3, 100]) expect(await list({}, limit)).toEqual(live)
      expect(await list({ deleted: true })).toEqual(PATHS)
      expect(await list({ prefix: 'a' })).toEqual(['a', 'a/b', 'a/c/d', 'a/c/e', 'a0'])
      expect(await list({ prefix: 'a/' })).toEqual(['a/b', 'a/c/d', 'a/c/e'])
      expect(await list({ prefix: '\uFFFD' })).toEqual(['\uFFFD/y'])
      expect(await list({ prefix: 'nothing' })).toEqual([])
    })

    it('choose by kind', async () => {
      const c = await world.collection()
      const base = { collection: c, subject: 'alice', digest: null, size: 0, mediaType: 'text/turtle', fields: { a: 1 } }
      await world.ledger.putEntry({ ...base, path: 'o', kind: 'object' })
      await world.ledger.putEntry({ ...base, path: 'd', kind: 'folder' })
      await world.put(c, 'f')
      for (const [kind, path] of [
        ['object', 'o'],
        ['folder', 'd'],
        ['file', 'f'],
      ] as const) {
        expect((await world.ledger.entries(c, { kind }, { limit: 10 })).items.map(entry => entry.path)).toEqual([path])
      }
      expect((await world.ledger.entries(c, { kind: 'link' }, { limit: 10 })).items).toEqual([])
    })

    it('roll up what lies beneath the next "/", each folder once, whatever the page size', async () => {
      const c = await world.collection()
      for (const path of PATHS) await world.put(c, path)
      for (let n = 0; n < 120; n++) await world.put(c, `many/${n}/x`)
      for (const limit of [1, 2, 100]) {
        const [items, prefixes]: [string[], string[]] = [[], []]
        const pages = async (prefix: string): Promise<void> => {
          let cursor: string | null = null
          do {
            const page: Awaited<ReturnType<typeof world.ledger.entries>> = await world.ledger.entries(
              c,
              { delimiter: '/', prefix },
              { limit, ...(cursor === null ? {} : { cursor }) },
            )
            expect(page.items.length + page.prefixes.length).toBeLessThanOrEqual(limit)
            items.push(...page.items.map(({ path }) => path))
            prefixes.push(...page.prefixes)
            cursor = page.nextCursor
          } while (cursor !== null)
        }
        await pages('')
        expect([items, prefixes]).toEqual([
          ['a', 'a0', 'b'],
          ['a/', 'many/', 'é/', '\uFFFD/', '\u{1F4E6}/'],
        ])
        items.length = prefixes.length = 0
        await pages('a/')
        expect([items, prefixes]).toEqual([['a/b'], ['a/c/']])
      }
    })

    it('roll up a folder once, even with the last of all characters in it', async () => {
      const c = await world.collection()
      for (const path of ['f/a', 'f/\u{10FFFF}x', 'f/\u{10FFFF}\u{10FFFF}/y', 'f0', 'f0/z', '\u{10FFFF}/z']) await world.put(c, path)
      for (const limit of [1, 2, 100]) {
        const seen: string[] = []
        let cursor: string | null = ''
        while (cursor !== null && seen.length < 20) {
          const from: { cursor?: string } = cursor === '' ? {} : { cursor }
          const page: Awaited<ReturnType<typeof world.ledger.entries>> = await world.ledger.entries(c, { delimiter: '/' }, { limit, ...from })
          seen.push(...page.items.map(({ path }) => path), ...page.prefixes)
          cursor = page.nextCursor
        }
        expect(seen.sort()).toEqual(['f/', 'f0', 'f0/', '\u{10FFFF}/'])
      }
    })
  })
}
