import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Page, PageQuery } from '../../../src/model/page.ts'
import { MERGE_PATCH_EXAMPLES } from './merge-patch-examples.ts'
import { sha256 } from '../../support/sha256.ts'
import { item, refusal, type World } from './world.ts'

/** Everything a paged list gives, asked for `limit` at a time. */
export async function all<T>(list: (page: PageQuery) => Promise<Page<T>>, limit = 2): Promise<T[]> {
  const found: T[] = []
  let page: Page<T> = await list({ limit })
  for (;;) {
    expect(page.items.length).toBeLessThanOrEqual(limit)
    found.push(...page.items)
    if (page.nextCursor === null) return found
    page = await list({ limit, cursor: page.nextCursor })
  }
}

export function collectionsContract(world: World): void {
  describe('collections', () => {
    it('are made once, owned by whoever made them, and changed in part', async () => {
      const id = await world.collection()
      const created = await world.ledger.collection(id)
      expect(created).toMatchObject({ id, name: id, store: 'local', attributes: {}, createdBy: 'alice', createdAt: world.clock.now() })
      expect(await world.ledger.role('alice', id)).toBe('owner')
      await refusal(world.ledger.createCollection({ id, name: 'x', store: 'local', attributes: {}, createdBy: 'bob' }), 'collection_exists')
      world.clock.advance(5)
      expect(await world.ledger.updateCollection(id, { attributes: { a: [1] } })).toMatchObject({ name: id, attributes: { a: [1] } })
      expect(await world.ledger.updateCollection(id, { name: 'Ä' })).toMatchObject({ name: 'Ä', attributes: { a: [1] }, modifiedAt: world.clock.now() })
      expect((await world.ledger.collection(id))?.createdAt).toBe(created?.createdAt)
    })

    it.each(MERGE_PATCH_EXAMPLES)('take the attributes %o and the merge patch %o', async (attributes, patch, result) => {
      const id = randomUUID()
      await world.ledger.createCollection({ id, name: id, store: 'local', attributes, createdBy: 'alice' })
      expect((await world.ledger.updateCollection(id, { attributes: patch })).attributes).toEqual(result)
    })

    it('keep what many change at the same time', async () => {
      const id = await world.collection()
      const names = Array.from({ length: 20 }, (_, n) => `n${n}`)
      await Promise.all(names.map(name => world.ledger.updateCollection(id, { attributes: { [name]: name } })))
      expect((await world.ledger.collection(id))?.attributes).toEqual(Object.fromEntries(names.map(name => [name, name])))
    })

    it('that are not there are null, and nothing can be done to them', async () => {
      const { ledger } = world
      expect(await ledger.collection('nowhere')).toBeNull()
      expect(await ledger.role('alice', 'nowhere')).toBeNull()
      expect(await ledger.entry('nowhere', 'a')).toBeNull()
      expect((await ledger.grants('nowhere', { limit: 1 })).items).toEqual([])
      await refusal(ledger.updateCollection('nowhere', { name: 'x' }), 'collection_not_found')
      await refusal(ledger.deleteCollection('nowhere', 'alice'), 'collection_not_found')
      await refusal(ledger.setGrant('nowhere', 'bob', 'readonly'), 'collection_not_found')
      await refusal(world.put('nowhere', 'a'), 'collection_not_found')
      await refusal(world.submit({ items: [item(['nowhere', 'a'], ['nowhere'])] }), 'collection_not_found')
    })

    it('are deleted when empty; the id is free again, what was in it stays gone, old jobs keep naming it', async () => {
      const id = await world.collection()
      await world.put(id, 'a')
      const job = await world.run({ items: [item([id, 'a'], [id, 'b'])] })
      await refusal(world.ledger.deleteCollection(id, 'alice'), 'collection_not_empty')
      for (const path of ['a', 'b']) await world.ledger.removeEntry({ collection: id, path, subject: 'alice' })
      await world.ledger.acquireLock({ collection: id, path: null, holder: 'alice', reason: null, ttlMs: 1e6 })
      await world.ledger.deleteCollection(id, 'alice')
      expect(await world.ledger.collection(id)).toBeNull()
      expect(await world.ledger.role('alice', id)).toBeNull()
      await world.ledger.createCollection({ id, name: id, store: 'local', attributes: {}, createdBy: 'bob' })
      expect(await world.ledger.role('alice', id)).toBeNull()
      expect(await world.versions(id, 'a')).toEqual([])
      expect(await world.ledger.locksOver(id, null)).toEqual([])
      expect((await world.firstItem(job.id)).source).toMatchObject({ collection: id, path: 'a' })
      expect(await world.ledger.administers('bob', job.id), 'the new collection of that name is another one').toBe(false)
      expect(await world.ledger.touches(job.id, id)).toBe(false)
    })

    it('are listed for their subjects in order of id, by least role and prefix', async () => {
      const [subject, prefix] = [`s-${randomUUID()}`, `p${randomUUID()}`]
      const ids = ['a', 'b', 'c', 'é', '\u{1F4E6}'].map(name => `${prefix}.${name}`)
      for (const id of ids.toReversed()) {
        await world.ledger.createCollection({ id, name: id, store: 'local', attributes: {}, createdBy: 'root' })
        await world.ledger.setGrant(id, subject, id.endsWith('.b') ? 'admin' : 'readonly')
      }
      const own = await world.collection(subject)
      const list = async (filter: Parameters<typeof world.ledger.collections>[1]): Promise<string[]> =>
        (await all(page => world.ledger.collections(subject, filter, page))).map(({ id, role }) => `${id} ${role}`)
      const roles = ids.map(id => `${id} ${id.endsWith('.b') ? 'admin' : 'readonly'}`)
      expect(await list({})).toEqual([`${own} owner`, ...roles])
      expect(await list({ prefix })).toEqual(roles)
      expect(await list({ minRole: 'readwrite' })).toEqual([`${own} owner`, `${prefix}.b admin`])
      expect(await list({ minRole: 'owner', prefix })).toEqual([])
    })
  })

  describe('grants', () => {
    it('are set, changed and taken away; the last owner cannot go', async () => {
      const id = await world.collection()
      const { ledger } = world
      await ledger.setGrant(id, 'bob', 'readonly')
      expect(await ledger.role('bob', id)).toBe('readonly')
      await refusal(ledger.setGrant(id, 'alice', 'admin'), 'last_owner')
      await refusal(ledger.removeGrant(id, 'alice'), 'last_owner')
      await ledger.setGrant(id, 'alice', 'owner')
      await ledger.setGrant(id, 'bob', 'owner')
      await ledger.setGrant(id, 'alice', 'readwrite')
      await refusal(ledger.removeGrant(id, 'bob'), 'last_owner')
      expect(await all(page => ledger.grants(id, page), 1)).toMatchObject([
        { subject: 'alice', role: 'readwrite' },
        { subject: 'bob', role: 'owner' },
      ])
      await ledger.removeGrant(id, 'alice')
      expect(await ledger.role('alice', id)).toBeNull()
      await refusal(ledger.removeGrant(id, 'alice'), 'grant_not_found')
    })

    it('of many collections come at once; those without a role are left out', async () => {
      const [one, two, other] = [await world.collection(), await world.collection('root'), await world.collection('root')]
      await world.ledger.setGrant(two, 'alice', 'readonly')
      expect(await world.ledger.roles('alice', [one, two, other, 'nowhere'])).toEqual(
        new Map([
          [one, 'owner'],
          [two, 'readonly'],
        ]),
      )
    })
  })

  describe('tokens', () => {
    it('are found by their hash, listed, and revoked once', async () => {
      const { ledger, clock } = world
      const token = {
        id: randomUUID(),
        subject: 'alice',
        scopes: ['read', 'write'] as const,
        label: 'the first',
        expiresAt: clock.now() + 1000,
        hash: sha256(randomUUID()),
      }
      const { hash, ...shown } = token
      const stored = { ...shown, createdAt: clock.now(), revokedAt: null }
      expect(await ledger.createToken(token)).toEqual(stored)
      expect(await ledger.token(hash)).toEqual(stored)
      expect(await ledger.token(sha256('another'))).toBeNull()
      const second = await ledger.createToken({ ...token, id: randomUUID(), hash: sha256(randomUUID()), scopes: [], label: null, expiresAt: null })
      expect(second).toMatchObject({ scopes: [], label: null, expiresAt: null })
      expect(await ledger.tokenById(second.id)).toEqual(second)
      expect(await ledger.tokenById('nothing')).toBeNull()
      const listed = await all(page => ledger.tokens(page), 1)
      expect(listed).toEqual(expect.arrayContaining([stored, second]))
      clock.advance(10)
      await ledger.revokeToken(token.id)
      const revokedAt = clock.now()
      clock.advance(10)
      await ledger.revokeToken(token.id)
      expect(await ledger.token(hash)).toEqual({ ...stored, revokedAt })
      await refusal(ledger.revokeToken('nothing'), 'token_not_found')
    })

    it('are listed newest first, of everybody or of one subject', async () => {
      const { ledger, clock } = world
      const subject = `owner-${randomUUID()}`
      const made: string[] = []
      for (const age of [0, 0, 1, 5]) {
        clock.advance(age)
        const token = { id: randomUUID(), subject, scopes: ['read'] as const, expiresAt: null, hash: sha256(randomUUID()) }
        await ledger.createToken({ ...token, id: randomUUID(), subject: 'another', hash: sha256(randomUUID()) })
        made.push((await ledger.createToken(token)).id)
      }
      const own = (await all(page => ledger.tokens(page, subject), 1)).map(({ id }) => id)
      // of those of one moment the greater id is the newer one
      expect(own).toEqual([made[3], made[2], ...made.slice(0, 2).toSorted().toReversed()])
      const times = (await all(page => ledger.tokens(page), 2)).map(({ createdAt }) => createdAt)
      expect(times).toEqual(times.toSorted((a, b) => b - a))
      await refusal(ledger.tokens({ limit: 1, cursor: Buffer.from('"a"').toString('base64url') }), 'invalid_cursor')
    })
  })

  describe('cursors', () => {
    it('of another list, or none of ours, are refused', async () => {
      const id = await world.collection()
      await refusal(world.ledger.entries(id, {}, { limit: 1, cursor: 'rubbish' }), 'invalid_cursor')
      await refusal(world.ledger.jobs({ visibleTo: 'alice' }, { limit: 1, cursor: Buffer.from('"a"').toString('base64url') }), 'invalid_cursor')
      await refusal(world.ledger.versions(id, 'a', { limit: 1, cursor: Buffer.from('1.5').toString('base64url') }), 'invalid_cursor')
    })
  })
}
