import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Entry, Fields } from '../../../src/model/entry.ts'
import type { ChildFilter } from '../../../src/ports/ledger.ts'
import { item, refusal, type World } from './world.ts'

const PAGE = { offset: 0, limit: 100 }

function folder(world: World, collection: string, path: string, fields: Fields | null = null): Promise<Entry> {
  return world.ledger.createFolder({ collection, path, subject: 'alice', fields })
}

/** Every live entry as `path kind version`. */
async function kinds(world: World, collection: string): Promise<string[]> {
  const { items } = await world.ledger.entries(collection, {}, { limit: 1000 })
  return items.map(({ path, kind, version }) => `${path} ${kind} ${version}`)
}

/** Collections with folders, and entries by id. */
export function addressableContract(world: World): void {
  async function children(collection: string, path: string, filter: ChildFilter = {}, page = PAGE): Promise<{ paths: string[]; total: number }> {
    const { items, total } = await world.ledger.children(collection, path, filter, page)
    return { paths: items.map(item => item.path), total }
  }

  describe('addressable collections', () => {
    it('are those with an owner or a host in their id, unless their maker says otherwise', async () => {
      const made = async (id: string, wish?: boolean): Promise<boolean> => {
        const more = wish === undefined ? {} : { addressable: wish }
        await world.ledger.createCollection({ id, name: id, store: 'local', attributes: {}, createdBy: 'alice', ...more })
        return (await world.ledger.collection(id))?.addressable ?? false
      }
      const n = randomUUID()
      expect(await made(`plain-${n}`)).toBe(false)
      expect(await made(`host.${n}`)).toBe(true)
      expect(await made(`owner/${n}`)).toBe(true)
      expect(await made(`asked-${n}`, true)).toBe(true)
      expect(await made(`refused.${n}`, false)).toBe(false)
      const { items } = await world.ledger.collections('alice', { prefix: `owner/${n}` }, { limit: 10 })
      expect(items.map(item => item.addressable)).toEqual([true])
      expect((await world.ledger.updateCollection(`owner/${n}`, { name: 'new' })).addressable).toBe(true)
    })

    it('have an entry for every folder above a write, made once', async () => {
      const id = await world.addressable()
      await world.put(id, 'a/b/c.txt')
      await world.put(id, 'a/d.txt')
      await world.put(id, 'top.txt')
      expect(await kinds(world, id)).toEqual(['a folder 1', 'a/b folder 1', 'a/b/c.txt file 1', 'a/d.txt file 1', 'top.txt file 1'])
      const made = await world.entry(id, 'a/b')
      expect(made).toMatchObject({ size: 0, digest: null, fields: {}, modifiedBy: 'alice', deleted: false })
    })

    it('leave plain collections without folders', async () => {
      const plain = await world.collection()
      await world.put(plain, 'a/b.txt')
      await world.put(plain, 'a')
      expect(await kinds(world, plain)).toEqual(['a file 1', 'a/b.txt file 1'])
    })

    it('put no folder into a plain collection', async () => {
      const [from, plain] = [await world.addressable(), await world.collection()]
      await world.put(from, 'a/f')
      for (const kind of ['copy', 'move'] as const) {
        const job = await world.run({ kind, items: [item([from, 'a'], [plain, 'b']), item([from, 'a/f'], [plain, `${kind}/f`])] })
        const [refused, done] = await world.items(job.id)
        expect(refused).toMatchObject({
          state: 'failed',
          reason: { code: 'unsupported', message: expect.stringContaining('only addressable collections') as string },
        })
        expect(done).toMatchObject({ state: 'done' })
        if (kind === 'copy') expect(await kinds(world, from)).toEqual(['a folder 1', 'a/f file 1'])
      }
      expect(await kinds(world, plain)).toEqual(['copy/f file 1', 'move/f file 1'])
    })

    it('make a folder above its tombstone as another entity, one version on', async () => {
      const id = await world.addressable()
      const first = await folder(world, id, 'a')
      await world.ledger.removeEntry({ collection: id, path: 'a', subject: 'alice' })
      await world.put(id, 'a/x')
      const again = await world.entry(id, 'a')
      expect([again?.version, again?.deleted, again?.entityId === first.entityId]).toEqual([3, false, false])
      expect(await world.versions(id, 'a')).toEqual(['3', '2x', '1'])
    })

    it('make folders on request, with fields, and never twice', async () => {
      const id = await world.addressable()
      const made = await folder(world, id, 'x/y', { tags: ['t'] })
      expect(made).toMatchObject({ kind: 'folder', path: 'x/y', fields: { tags: ['t'] }, version: 1 })
      await refusal(folder(world, id, 'x/y'), 'entry_exists')
      await refusal(folder(world, id, 'x'), 'entry_exists')
      await world.put(id, 'f')
      await refusal(folder(world, id, 'f'), 'entry_exists')
      await refusal(folder(world, id, 'f/g'), 'entry_exists')
    })

    it('let no file take the place of a folder, and put nothing beneath a file', async () => {
      const id = await world.addressable()
      await world.put(id, 'a/b')
      await refusal(world.put(id, 'a'), 'entry_exists')
      await refusal(world.put(id, 'a/b/c/d'), 'entry_exists')
      expect(await kinds(world, id)).toEqual(['a folder 1', 'a/b file 1'])
    })

    it('give no file the free name of a folder that another item of the job needs', async () => {
      const id = await world.addressable()
      for (const path of ['d/f', 'p/f', 'q/x']) await world.put(id, path)
      const named = item([id, 'p/f'], [id, 'd/f'])
      const beneath = item([id, 'q/x'], [id, 'd/1_f/x'])
      const first = await world.run({ conflict: 'rename', items: [named, beneath] })
      expect((await world.items(first.id)).map(({ state, reason }) => reason?.code ?? state)).toEqual(['done', 'entry_exists'])
      expect((await kinds(world, id)).filter(one => one.startsWith('d/'))).toEqual(['d/1_f file 1', 'd/f file 1'])
      const second = await world.run({ conflict: 'rename', items: [item([id, 'q/x'], [id, 'd/2_f/x']), named] })
      expect(second.counts).toMatchObject({ done: 2 })
      expect((await kinds(world, id)).filter(one => one.startsWith('d/'))).toEqual([
        ...['d/1_f file 1', 'd/2_f folder 1', 'd/2_f/x file 1', 'd/3_f file 1', 'd/f file 1'],
      ])
    })

    it('let objects hold entries: they take the place of a folder, and leave one behind', async () => {
      const id = await world.addressable()
      const object = { collection: id, subject: 'alice', kind: 'object', digest: null, size: 0, mediaType: 'application/json', fields: { a: 1 } } as const
      await world.put(id, 'a/b/c')
      const folderBefore = await world.entry(id, 'a/b')
      const { entry, created } = await world.ledger.putEntry({ ...object, path: 'a/b' })
      expect([entry.kind, entry.version, entry.entityId, created]).toEqual(['object', 2, folderBefore?.entityId, false])
      await world.put(id, 'a/b/d')
      await refusal(world.put(id, 'a/b'), 'entry_exists')
      await world.ledger.removeEntry({ collection: id, path: 'a/b', subject: 'alice' })
      expect(await kinds(world, id)).toEqual(['a folder 1', 'a/b folder 4', 'a/b/c file 1', 'a/b/d file 1'])
    })

    it('remove no folder that holds something', async () => {
      const id = await world.addressable()
      await world.put(id, 'a/b')
      const remove = (path: string): Promise<Entry> => world.ledger.removeEntry({ collection: id, path, subject: 'alice' })
      await refusal(remove('a'), 'folder_not_empty')
      await remove('a/b')
      expect((await remove('a')).deleted).toBe(true)
      expect(await kinds(world, id)).toEqual([])
    })

    it('are empty when nothing but folders is in them', async () => {
      const id = await world.addressable()
      await world.put(id, 'a/b')
      await refusal(world.ledger.deleteCollection(id, 'alice'), 'collection_not_empty')
      await world.ledger.removeEntry({ collection: id, path: 'a/b', subject: 'alice' })
      const left = await world.entry(id, 'a')
      await world.ledger.deleteCollection(id, 'alice')
      expect(await world.ledger.entriesById([left?.entityId ?? ''], 'alice')).toEqual([])
    })
  })

  describe('entries by id', () => {
    it('are the live ones of addressable collections, wherever they are', async () => {
      const id = await world.addressable()
      const plain = await world.collection()
      const [one, gone, other] = [await world.put(id, 'a/one'), await world.put(id, 'gone'), await world.put(plain, 'other')]
      await world.ledger.removeEntry({ collection: id, path: 'gone', subject: 'alice' })
      const ids = [one, gone, other].map(entry => entry.entityId)
      const found = await world.ledger.entriesById([...ids, ids[0] ?? '', randomUUID(), 'nonsense', ''], 'alice')
      expect(found).toEqual([one])
      const top = await world.entry(id, 'a')
      expect(await world.ledger.entriesById([top?.entityId ?? ''], 'alice')).toEqual([top])
      // I9
      expect(await world.ledger.entriesById(ids, 'mallory')).toEqual([])
    })

    it('are found by the revision of any version', async () => {
      const id = await world.addressable()
      const plain = await world.collection()
      const first = await world.put(id, 'x', 'one')
      const second = await world.put(id, 'x', 'two')
      const last = await world.ledger.removeEntry({ collection: id, path: 'x', subject: 'alice' })
      for (const version of [first, second, last]) expect(await world.ledger.entryByRevision(version.revision, 'alice')).toEqual(version)
      const elsewhere = await world.put(plain, 'x')
      for (const unknown of [elsewhere.revision, '0'.repeat(32), 'x', '']) expect(await world.ledger.entryByRevision(unknown, 'alice')).toBeNull()
      for (const version of [first, last]) expect(await world.ledger.entryByRevision(version.revision, 'mallory')).toBeNull() // I9
    })
  })

  describe('children', () => {
    it('are what lies directly in a folder, in path order, by pages', async () => {
      const id = await world.addressable()
      for (const path of ['b.txt', 'a/1', 'a/2/deep', 'a/3', 'ab/x', 'c/y']) await world.put(id, path)
      expect(await children(id, '')).toEqual({ paths: ['a', 'ab', 'b.txt', 'c'], total: 4 })
      expect(await children(id, 'a')).toEqual({ paths: ['a/1', 'a/2', 'a/3'], total: 3 })
      expect(await children(id, '', {}, { offset: 1, limit: 2 })).toEqual({ paths: ['ab', 'b.txt'], total: 4 })
      expect(await children(id, 'a', {}, { offset: 9, limit: 2 })).toEqual({ paths: [], total: 3 })
      expect(await children(id, 'nowhere')).toEqual({ paths: [], total: 0 })
      await world.ledger.removeEntry({ collection: id, path: 'a/1', subject: 'alice' })
      expect(await children(id, 'a')).toEqual({ paths: ['a/2', 'a/3'], total: 2 })
    })

    it('are picked by name', async () => {
      const id = await world.addressable()
      for (const path of ['x', 'a/x', 'a/y', 'a/z/x', "a/it's"]) await world.put(id, path)
      expect(await children(id, '', { names: ['x', 'y'] })).toEqual({ paths: ['x'], total: 1 })
      expect(await children(id, 'a', { names: ['x', 'y', 'z/x', "it's"] })).toEqual({ paths: ["a/it's", 'a/x', 'a/y'], total: 3 })
      expect(await children(id, 'a', { names: [] })).toEqual({ paths: [], total: 0 })
    })

    it('are picked by what their fields hold', async () => {
      const id = await world.addressable()
      const put = (path: string, fields: Fields): Promise<Entry> => world.put(id, path, path, { fields })
      await put('1', { tags: ['red', 'blue'], metadata: { sample: 's1', 'a.b"c': 'odd' } })
      await put('2', { tags: ['blue'], metadata: { sample: 's2', n: 7, ok: true } })
      await put('3', { tags: [], metadata: { sample: null } })
      await world.put(id, '4')
      const found = async (...where: NonNullable<ChildFilter['where']>): Promise<string[]> => (await children(id, '', { where })).paths
      expect(await found({ field: ['tags'], values: ['blue'] })).toEqual(['1', '2'])
      expect(await found({ field: ['tags'], values: ['red', 'green'] })).toEqual(['1'])
      expect(await found({ field: ['metadata', 'sample'], values: ['s1', 's2'] })).toEqual(['1', '2'])
      expect(await found({ field: ['tags'], values: ['blue'] }, { field: ['metadata', 'sample'], values: ['s2'] })).toEqual(['2'])
      expect(await found({ field: ['metadata', 'a.b"c'], values: ['odd'] })).toEqual(['1'])
      expect(await found({ field: ['metadata', 'n'], values: ['7'] })).toEqual(['2'])
      expect(await found({ field: ['metadata', 'ok'], values: ['true'] })).toEqual(['2'])
      expect(await found({ field: ['metadata'], values: ['s1'] })).toEqual([])
      expect(await found({ field: ['absent'], values: ['x'] })).toEqual([])
    })
  })
}
