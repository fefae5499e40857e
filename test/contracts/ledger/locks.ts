import { describe, expect, it } from 'vitest'
import type { Lock } from '../../../src/model/lock.ts'
import { refusal, type World } from './world.ts'

const TTL_MS = 60_000

export function locksContract(world: World): void {
  const lock = (collection: string, path: string | null, holder = 'alice', ttlMs = TTL_MS, reason: string | null = null): Promise<Lock> =>
    world.ledger.acquireLock({ collection, path, holder, reason, ttlMs })

  describe('locks', () => {
    it('name their holder, reason and expiry; the holder renews with the same token', async () => {
      const c = await world.collection()
      const first = await lock(c, 'a', 'alice', TTL_MS, 'nightly')
      const now = world.clock.now()
      expect(first).toEqual({ collection: c, path: 'a', holder: 'alice', token: first.token, reason: 'nightly', acquiredAt: now, expiresAt: now + TTL_MS })
      world.clock.advance(1000)
      const renewed = await lock(c, 'a', 'alice', TTL_MS)
      expect(renewed).toMatchObject({ token: first.token, acquiredAt: first.acquiredAt, expiresAt: first.expiresAt + 1000 })
      expect(await world.ledger.locksOver(c, 'a')).toEqual([renewed])
    })

    it('keep others from the path, from what lies above and beneath it, and from the collection', async () => {
      const c = await world.collection()
      const held = await lock(c, 'a/b')
      for (const path of ['a/b', 'a', 'a/b/c', 'a/b/c/d', null]) {
        const { facts } = await refusal(lock(c, path, 'bob'), 'locked')
        expect(facts).toMatchObject({ holder: 'alice', expiresAt: held.expiresAt })
      }
      const audited = await lock(c, 'z', 'alice', TTL_MS, 'audit')
      expect((await refusal(lock(c, 'z', 'bob'), 'locked')).message).toBe(
        `"z" is locked by "alice" until ${new Date(audited.expiresAt).toISOString()} ("audit")`,
      )
      for (const path of ['a/bc', 'b', 'a/b.txt', 'aa']) expect((await lock(c, path, 'bob')).holder).toBe('bob')
      expect((await lock(c, 'a/b/c')).holder, 'the holder may lock more of it').toBe('alice')
      expect((await refusal(lock(c, 'a'), 'locked')).facts.holder, 'somebody else is beneath it by now').toBe('bob')
    })

    it('of a collection lie over every path, but over no other collection', async () => {
      const [c, other] = [await world.collection(), await world.collection()]
      const whole = await lock(c, null)
      expect(await world.ledger.locksOver(c, 'x/y')).toEqual([whole])
      await refusal(lock(c, 'x/y', 'bob'), 'locked')
      expect(await world.ledger.lockAgainst('bob', [{ collection: other, path: 'x' }])).toBeNull()
      const places = [
        { collection: other, path: null },
        { collection: c, path: 'x' },
      ]
      expect(await world.ledger.lockAgainst('bob', places)).toEqual(whole)
      expect(await world.ledger.lockAgainst('alice', places)).toBeNull()
      expect(await world.ledger.lockAgainst('bob', [{ collection: 'nowhere', path: 'x' }])).toBeNull()
    })

    it('above a path count as over it; those beneath it do not', async () => {
      const c = await world.collection()
      await lock(c, 'a/b')
      expect(await world.ledger.locksOver(c, 'a')).toEqual([])
      expect(await world.ledger.locksOver(c, 'a/b/c')).toHaveLength(1)
      expect(await world.ledger.locksOver(c, 'a/bc')).toEqual([])
      expect(await world.ledger.locksOver(c, null)).toEqual([])
    })

    it('take paths as they are written: no character is a wildcard', async () => {
      const c = await world.collection()
      await lock(c, 'a_%*')
      expect(await world.ledger.locksOver(c, 'abcd/x')).toEqual([])
      expect(await world.ledger.locksOver(c, 'a_%*/\u{1F512}')).toHaveLength(1)
      await lock(c, '\u{1F512}é')
      expect(await world.ledger.locksOver(c, '\u{1F512}é/x')).toHaveLength(1)
    })

    it('end with their time; the token of the next one is higher', async () => {
      const c = await world.collection()
      const first = await lock(c, 'a')
      world.clock.advance(TTL_MS - 1)
      await refusal(lock(c, 'a', 'bob'), 'locked')
      world.clock.advance(1)
      expect(await world.ledger.locksOver(c, 'a')).toEqual([])
      const next = await lock(c, 'a', 'bob')
      expect(next.token).toBeGreaterThan(first.token)
      expect(next.acquiredAt).toBe(world.clock.now())
      await refusal(lock(c, 'a'), 'locked')
    })

    it('have tokens that only grow, over all collections, releases and expiries', async () => {
      const [c, d] = [await world.collection(), await world.collection()]
      const tokens: number[] = []
      for (const [collection, path] of [
        [c, 'a'],
        [d, null],
        [c, 'b'],
      ] as const) {
        tokens.push((await lock(collection, path)).token)
        await world.ledger.releaseLock(collection, path, 'alice')
        tokens.push((await lock(collection, path)).token)
        world.clock.advance(TTL_MS)
        tokens.push((await lock(collection, path)).token)
      }
      expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b))
    })

    it('are released by their holder, or by whoever need not name one', async () => {
      const c = await world.collection()
      await lock(c, 'a')
      expect((await refusal(world.ledger.releaseLock(c, 'a', 'bob'), 'locked')).facts.holder).toBe('alice')
      await refusal(world.ledger.releaseLock(c, null, 'alice'), 'lock_not_found')
      await world.ledger.releaseLock(c, 'a', 'alice')
      await refusal(world.ledger.releaseLock(c, 'a', 'alice'), 'lock_not_found')
      await lock(c, null)
      await world.ledger.releaseLock(c, null, null)
      await lock(c, 'a')
      world.clock.advance(TTL_MS)
      await refusal(world.ledger.releaseLock(c, 'a', 'alice'), 'lock_not_found')
    })

    it('stop every single write of others beneath them, and none of the holder', async () => {
      const c = await world.collection()
      await world.put(c, 'd/f')
      const write = { collection: c, path: 'd/f', subject: 'bob' }
      await lock(c, 'd')
      await refusal(world.put(c, 'd/f', 'x', { subject: 'bob' }), 'locked')
      await refusal(world.put(c, 'd/new', 'x', { subject: 'bob' }), 'locked')
      await refusal(world.ledger.removeEntry(write), 'locked')
      expect((await refusal(world.ledger.patchEntry({ ...write, fields: {} }), 'locked')).facts.holder).toBe('alice')
      expect(await world.versions(c, 'd/f')).toEqual(['1'])
      expect(await world.versions(c, 'd/new')).toEqual([])
      await world.put(c, 'd/f', 'x')
      await world.put(c, 'elsewhere', 'x', { subject: 'bob' })
      world.clock.advance(TTL_MS)
      await world.ledger.removeEntry(write)
      expect(await world.versions(c, 'd/f')).toEqual(['3x', '2', '1'])
    })
  })
}
