import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { v7 } from 'uuid'
import type { Upload, UploadPart, UploadPlan } from '../../../src/model/upload.ts'
import type { NewUpload } from '../../../src/ports/ledger.ts'
import { sha256 } from '../../support/sha256.ts'
import { DAY_MS, refusal, type World } from './world.ts'

function part(number: number, text: string): UploadPart {
  return { number, size: text.length, sha256: sha256(text) }
}

const BLOB = { sha256: sha256('onetwo'), size: 6 }

export function uploadsContract(world: World): void {
  const start = async (more: Partial<NewUpload> = {}): Promise<UploadPlan> =>
    world.ledger.createUpload({
      id: v7(),
      collection: more.collection ?? (await world.collection()),
      path: 'a/b',
      size: 6,
      partSize: 3,
      mediaType: 'text/plain',
      fields: { tag: 'x' },
      conditions: {},
      startedBy: 'alice',
      ttlMs: DAY_MS,
      ...more,
    })

  /** With both parts. */
  const filled = async (more: Partial<NewUpload> = {}): Promise<Upload> => {
    const plan = await start(more)
    const { id } = plan
    await world.ledger.putUploadPart(id, part(2, 'two'))
    await world.ledger.putUploadPart(id, part(1, 'one'))
    return { ...plan, parts: await world.ledger.uploadParts(id) }
  }

  describe('uploads in parts', () => {
    it('keep what was announced and what arrived, by number, the last of each', async () => {
      const begun = await start({ conditions: { ifNoneMatch: '*' } })
      const now = world.clock.now()
      expect(begun).toEqual({
        id: begun.id,
        collection: begun.collection,
        path: 'a/b',
        size: 6,
        partSize: 3,
        mediaType: 'text/plain',
        fields: { tag: 'x' },
        conditions: { ifNoneMatch: '*' },
        startedBy: 'alice',
        startedAt: now,
        expiresAt: now + DAY_MS,
      })
      await world.ledger.putUploadPart(begun.id, part(2, 'two'))
      await world.ledger.putUploadPart(begun.id, part(1, 'first'))
      await world.ledger.putUploadPart(begun.id, part(1, 'one'))
      const other = await world.another()
      expect(await other.upload(begun.id)).toEqual({ plan: begun, version: null })
      expect(await other.uploadParts(begun.id)).toEqual([part(1, 'one'), part(2, 'two')])
      expect(await other.uploadParts(begun.id, 2)).toEqual([part(2, 'two')])
      expect(await other.uploadParts(begun.id, 3)).toEqual([])
      await other.close()
      expect(await world.entry(begun.collection, 'a/b'), 'nothing is seen before it is complete').toBeNull()
    })

    it('become one version, once; asked again they answer it, whatever came after', async () => {
      const upload = await filled()
      const c = upload.collection
      await world.put(c, 'a/b', 'before')
      const made = await world.ledger.completeUpload(upload.id, upload.parts, BLOB)
      expect(made).toMatchObject({
        path: 'a/b',
        kind: 'file',
        version: 2,
        size: 6,
        digest: BLOB.sha256,
        mediaType: 'text/plain',
        fields: { tag: 'x' },
        modifiedBy: 'alice',
      })
      expect(await world.entry(c, 'a/b')).toEqual(made)
      await world.put(c, 'a/b', 'after')
      expect(await world.ledger.completeUpload(upload.id, upload.parts, BLOB)).toEqual(made)
      expect(await world.ledger.upload(upload.id)).toMatchObject({ version: 2 })
      expect(await world.ledger.uploadParts(upload.id)).toEqual([])
      expect(await world.versions(c, 'a/b')).toEqual(['3', '2', '1'])
      await refusal(world.ledger.putUploadPart(upload.id, part(1, 'one')), 'upload_not_found')
      await refusal(world.ledger.abortUpload(upload.id), 'upload_not_found')
    })

    it('completed twice at once make one version', async () => {
      const upload = await filled()
      const [one, two] = await Promise.all([1, 2].map(() => world.ledger.completeUpload(upload.id, upload.parts, BLOB)))
      expect(one).toEqual(two)
      expect(await world.versions(upload.collection, 'a/b')).toEqual(['1'])
    })

    it('are not completed out of parts that were replaced meanwhile', async () => {
      const upload = await filled()
      await world.ledger.putUploadPart(upload.id, part(2, 'TWO'))
      expect(await world.ledger.completeUpload(upload.id, upload.parts, BLOB)).toBeNull()
      expect(await world.ledger.completeUpload(upload.id, [part(1, 'one')], BLOB)).toBeNull()
      expect(await world.entry(upload.collection, 'a/b')).toBeNull()
      expect(await world.ledger.completeUpload(upload.id, [part(1, 'one'), part(2, 'TWO')], BLOB)).toMatchObject({ version: 1 })
    })

    it('are refused by their conditions and by locks of others, and stay as they are', async () => {
      const upload = await filled({ conditions: { ifNoneMatch: '*' } })
      const c = upload.collection
      await world.put(c, 'a/b')
      await refusal(world.ledger.completeUpload(upload.id, upload.parts, BLOB), 'precondition_failed')
      await world.ledger.removeEntry({ collection: c, path: 'a/b', subject: 'alice' })
      await world.ledger.acquireLock({ collection: c, path: 'a', holder: 'bob', reason: null, ttlMs: 1000 })
      await refusal(world.ledger.completeUpload(upload.id, upload.parts, BLOB), 'locked')
      expect(await world.ledger.uploadParts(upload.id)).toEqual(upload.parts)
      world.clock.advance(1000)
      expect(await world.ledger.completeUpload(upload.id, upload.parts, BLOB)).toMatchObject({ version: 3 })
    })

    it('end when they are aborted, with their collection, and by themselves', async () => {
      const aborted = await filled()
      await world.ledger.abortUpload(aborted.id)
      await refusal(world.ledger.abortUpload(aborted.id), 'upload_not_found')
      const orphaned = await filled()
      await world.ledger.deleteCollection(orphaned.collection, 'alice')
      const expired = await filled({ ttlMs: 1000 })
      world.clock.advance(999)
      expect(await world.ledger.upload(expired.id)).not.toBeNull()
      world.clock.advance(1)
      for (const { id, parts } of [aborted, orphaned, expired]) {
        expect(await world.ledger.upload(id)).toBeNull()
        expect(await world.ledger.uploadParts(id)).toEqual([])
        await refusal(world.ledger.putUploadPart(id, part(1, 'one')), 'upload_not_found')
        await refusal(world.ledger.completeUpload(id, parts, BLOB), 'upload_not_found')
      }
      await refusal(start({ collection: orphaned.collection }), 'collection_not_found')
      expect(await world.ledger.upload('no id at all')).toBeNull()
    })

    it('hold the bytes of their parts while they live, and are purged in small batches', async () => {
      const c = await world.collection()
      while ((await world.ledger.purge(1000)) > 0);
      const texts = Array.from({ length: 25 }, () => randomUUID())
      const digests = texts.map(sha256)
      const upload = await start({ collection: c, ttlMs: 1000, size: 900, partSize: 36 })
      for (const [at, text] of texts.entries()) await world.ledger.putUploadPart(upload.id, part(at + 1, text))
      expect([...(await world.ledger.referenced('local', digests))].sort()).toEqual([...digests].sort())
      expect(await world.ledger.referenced('elsewhere', digests)).toEqual(new Set())
      await world.ledger.putUploadPart(upload.id, part(1, 'other'))
      expect(await world.ledger.referenced('local', digests.slice(0, 2)), 'a replaced part is let go').toEqual(new Set(digests.slice(1, 2)))
      world.clock.advance(1000)
      const batches: number[] = []
      for (let gone = await world.ledger.purge(10); gone > 0; gone = await world.ledger.purge(10)) batches.push(gone)
      expect(batches.length).toBeGreaterThan(2)
      expect(await world.ledger.referenced('local', digests)).toEqual(new Set())
    })

    it('that are completed let their parts go at once', async () => {
      const texts = [randomUUID(), randomUUID()]
      const upload = await start()
      for (const [at, text] of texts.entries()) await world.ledger.putUploadPart(upload.id, part(at + 1, text))
      const parts = texts.map((text, at) => part(at + 1, text))
      const whole = { sha256: sha256(texts.join('')), size: 72 }
      await world.ledger.completeUpload(upload.id, parts, whole)
      expect(await world.ledger.referenced('local', [...texts.map(sha256), whole.sha256])).toEqual(new Set([whole.sha256]))
    })
  })
}
