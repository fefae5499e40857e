import { describe, expect, it } from 'vitest'
import type { Entry } from '../../../src/model/entry.ts'
import type { EntryChange } from '../../../src/model/entry-change.ts'
import type { SourceRef } from '../../../src/model/job.ts'
import type { ItemPart } from '../../../src/ports/ledger.ts'
import { sha256 } from '../../support/sha256.ts'
import { refusal, type World } from './world.ts'

const OTHER = 'f'.repeat(32)

export function mergingContract(world: World): void {
  const part = (seq: number, collection: string, path: string, change: EntryChange, conditions: Partial<SourceRef> = {}): ItemPart => ({
    seq,
    item: { source: { collection, path, ...conditions }, change },
  })
  /** A manifest whose items are the first parts; the others are merged into them, a call each. */
  const merged = async (parts: readonly ItemPart[], ...others: readonly (readonly ItemPart[])[]): Promise<string> => {
    const { job } = await world.submit({ kind: 'update', sealed: false })
    await world.ledger.appendItems(
      job.id,
      parts.map(({ item }) => item),
    )
    for (const more of others) await world.ledger.mergeItems(job.id, more)
    return job.id
  }
  const seal = async (job: string): Promise<string[]> => {
    await world.ledger.seal(job, null)
    await world.work(job)
    return (await world.items(job)).map(({ state }) => state)
  }
  const present = async (c: string, path: string): Promise<Entry | null> => world.ledger.entry(c, path)

  describe('parts of one item', () => {
    it('are one change: removed first, then added, as one version', async () => {
      const c = await world.collection()
      await seal(await merged([part(0, c, 'x', { add: { name: ['old'], age: ['1'], keep: ['k'] } }), part(1, c, 'y', { add: { name: ['y'] } })]))
      const job = await merged(
        [part(0, c, 'x', { add: { name: ['Ann'] } }), part(1, c, 'y', { add: { name: ['y', 'z'] } })],
        [
          part(0, c, 'x', { remove: [{ what: 'field', field: 'name', graph: '*' }], add: { name: ['Ann', 'Bea'] } }),
          part(0, c, 'x', { remove: [{ what: 'value', field: 'age', value: '1', graph: null }] }),
        ],
        [part(0, c, 'x', { kind: 'link' })],
      )
      expect(await seal(job)).toEqual(['done', 'done'])
      expect(await present(c, 'x')).toMatchObject({ version: 2, kind: 'link', fields: { name: ['Ann', 'Bea'], keep: ['k'] } })
      expect(await present(c, 'y')).toMatchObject({ version: 2, fields: { name: ['y', 'z'] } })
    })

    it('of which one deletes leave what the others add, and nothing else', async () => {
      const c = await world.collection()
      await world.put(c, 'x', 'bytes', { fields: { old: ['1'] } })
      await world.put(c, 'y', 'bytes')
      const add = { name: ['Ann'] }
      const job = await merged(
        [part(0, c, 'x', { delete: true }), part(1, c, 'y', { delete: true }), part(2, c, 'z', { add, remove: [{ what: 'field', field: 'old', graph: '*' }] })],
        [part(0, c, 'x', { add }), part(1, c, 'y', { delete: true }), part(2, c, 'z', { delete: true })],
      )
      expect(await seal(job)).toEqual(['done', 'done', 'done'])
      expect(await present(c, 'x')).toMatchObject({ version: 2, kind: 'object', deleted: false, digest: null, fields: add })
      expect(await present(c, 'y')).toMatchObject({ version: 2, deleted: true })
      expect(await present(c, 'z')).toMatchObject({ version: 1, kind: 'object', fields: add })
    })

    it('have their conditions together, and refuse contradictions: of that call nothing is merged', async () => {
      const c = await world.collection()
      const { revision } = await world.put(c, 'x')
      const add = (value: string): EntryChange => ({ add: { n: [value] } })
      const job = await merged([part(0, c, 'x', add('1')), part(1, c, 'y', add('1'), { version: 0 })], [part(0, c, 'x', add('2'), { ifMatch: revision })])
      const contradiction = [part(1, c, 'y', add('lost')), part(0, c, 'x', add('lost'), { ifMatch: OTHER })]
      expect((await refusal(world.ledger.mergeItems(job, contradiction), 'invalid_request')).message).toBe(
        `Atomic versioning must be unique per path. Document contained multiple base uuids: [${OTHER},${revision}] for path [x]`,
      )
      expect((await refusal(world.ledger.mergeItems(job, [part(1, c, 'y', {}, { ifMatch: OTHER })]), 'invalid_request')).message).toContain(`[${OTHER},]`)
      expect((await refusal(world.ledger.mergeItems(job, [part(1, c, 'y', { delete: true })]), 'invalid_request')).message).toBe(
        'requirement failed: atomic updates cannot operate on multiple actions in a single ingest.',
      )
      await world.ledger.mergeItems(job, [part(0, c, 'x', add('3'), { ifMatch: revision }), part(1, c, 'y', {}, { version: 0 })])
      expect(await seal(job)).toEqual(['done', 'done'])
      expect(await present(c, 'x')).toMatchObject({ version: 2, fields: { n: ['1', '2', '3'] } })
      expect(await present(c, 'y')).toMatchObject({ version: 1, fields: { n: ['1'] } })
      const evicted = await merged([part(0, c, 'x', add('4'))], [part(0, c, 'x', {}, { ifMatch: OTHER })])
      expect(await seal(evicted)).toEqual(['evicted'])
    })

    it('that deleted and wrote before the condition came are refused, too', async () => {
      const c = await world.collection()
      const job = await merged([part(0, c, 'x', { delete: true })], [part(0, c, 'x', { add: { n: ['1'] } })])
      await refusal(world.ledger.mergeItems(job, [part(0, c, 'x', {}, { version: 0 })]), 'invalid_request')
      await world.ledger.dropUnsealed(job)
      const deleting = await merged([part(0, c, 'x', { delete: true })], [part(0, c, 'x', {}, { version: 0 })])
      expect(await seal(deleting)).toEqual(['done'])
    })

    it('may bring bytes, which are kept for the job', async () => {
      const c = await world.collection()
      const digest = sha256('bytes of a later part')
      const job = await merged(
        [part(0, c, 'f', { add: { n: ['1'] } })],
        [part(0, c, 'f', { kind: 'file', mediaType: 'text/x', content: { digest, size: 21 } })],
      )
      expect(await world.ledger.referenced('local', [digest])).toEqual(new Set([digest]))
      expect(await seal(job)).toEqual(['done'])
      expect(await present(c, 'f')).toMatchObject({ kind: 'file', digest, size: 21, mediaType: 'text/x', fields: { n: ['1'] } })
    })

    it('go only into a change of the same path, while the manifest is received', async () => {
      const [c, d] = [await world.collection(), await world.collection()]
      const job = await merged([part(0, c, 'x', { add: { n: ['1'] } })])
      const { job: patching } = await world.submit({ kind: 'update', sealed: false, items: [{ source: { collection: c, path: 'x' }, fields: {} }] })
      for (const [id, wrong] of [
        [job, part(1, c, 'x', { add: {} })],
        [job, part(0, c, 'y', { add: {} })],
        [job, part(0, d, 'x', { add: {} })],
        [patching.id, part(0, c, 'x', { add: {} })],
      ] as const) {
        await expect(world.ledger.mergeItems(id, [wrong])).rejects.toThrow('is no change of')
      }
      await world.ledger.dropUnsealed(patching.id)
      await world.ledger.seal(job, null)
      await expect(world.ledger.mergeItems(job, [part(0, c, 'x', { add: { n: ['2'] } })])).rejects.toThrow('is sealed')
      await world.ledger.mergeItems(await merged([]), [])
    })
  })
}
