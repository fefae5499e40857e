import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Actor, AuditRecord } from '../../../src/model/audit.ts'
import { allPages } from '../../../src/model/page.ts'
import type { AuditFilter } from '../../../src/ports/audit-ledger.ts'
import type { Ledger } from '../../../src/ports/ledger.ts'
import type { NewToken } from '../../../src/ports/token-ledger.ts'
import { sha256 } from '../../support/sha256.ts'
import { DAY_MS, item, newJob, refusal, type Wish, type World } from './world.ts'

/** Who did what is recorded with it. */
export function auditContract(world: World): void {
  const actor = (subject = 'alice'): Actor => ({ subject, tokenId: 'token-1', dialect: 'v1', requestId: 'request-1' })
  const as = (subject?: string): Ledger => world.ledger.by(actor(subject))

  async function records(filter: AuditFilter, limit = 100): Promise<AuditRecord[]> {
    const all: AuditRecord[] = []
    for await (const page of allPages(from => world.ledger.audit(filter, { limit, ...from }))) {
      expect(page.items.length).toBeLessThanOrEqual(limit)
      all.push(...page.items)
    }
    return all
  }

  /** What was done to a collection, the oldest first, each as `action path`. */
  async function deeds(collection: string): Promise<string[]> {
    return (await records({ collection })).map(({ action, path }) => (path === null ? action : `${action} ${path}`)).toReversed()
  }

  async function made(owner = 'alice', id = `c-${randomUUID()}`): Promise<string> {
    await as(owner).createCollection({ id, name: id, store: 'local', attributes: {}, createdBy: owner })
    return id
  }

  const put = (collection: string, path: string) =>
    as().putEntry({ collection, path, subject: 'alice', kind: 'file', digest: sha256(path), size: 3, mediaType: 'text/plain', fields: null })

  const submit = (wish: Wish, subject = 'alice') => as(subject).createJob(newJob({ by: subject, ...wish }))

  describe('the audit log', () => {
    it('has every change of a collection, with who made it and how', async () => {
      const id = await made()
      const ledger = as()
      await ledger.updateCollection(id, { name: 'Other', attributes: { password: 'secret' } })
      await ledger.setGrant(id, 'bob', 'readwrite')
      await ledger.removeGrant(id, 'bob')
      await ledger.acquireLock({ collection: id, path: null, holder: 'alice', reason: null, ttlMs: 60_000 })
      await ledger.acquireLock({ collection: id, path: null, holder: 'alice', reason: null, ttlMs: 60_000 })
      await ledger.acquireLock({ collection: id, path: 'a', holder: 'alice', reason: null, ttlMs: 60_000 })
      await ledger.releaseLock(id, null, 'alice')
      await ledger.releaseLock(id, 'a', null)
      await put(id, 'a')
      await ledger.patchEntry({ collection: id, path: 'a', subject: 'alice', fields: { x: 1 } })
      await ledger.removeEntry({ collection: id, path: 'a', subject: 'alice' })
      await ledger.deleteCollection(id, 'alice')
      expect(await deeds(id)).toEqual([
        ...['collection.create', 'collection.update', 'grant.set', 'grant.remove'],
        // a lock that is renewed is not taken again
        ...['lock.acquire', 'lock.acquire a', 'lock.release', 'lock.release a'],
        ...['entry.put a', 'entry.patch a', 'entry.delete a', 'collection.delete'],
      ])
      const all = await records({ collection: id })
      for (const one of all) expect(one).toMatchObject({ ...actor(), collection: id, job: null, at: world.clock.now() })
      expect(JSON.stringify(all)).not.toContain('secret')
      expect(all.find(({ action }) => action === 'collection.update')?.details).toEqual({ name: 'Other', attributes: ['password'] })
      expect(all.find(({ action }) => action === 'grant.set')?.details).toEqual({ subject: 'bob', role: 'readwrite' })
      expect(all.find(({ action }) => action === 'entry.patch')?.details).toEqual({ kind: 'file', version: 2, size: 3, digest: sha256('a') })
    })

    it('has folders and what was uploaded in parts', async () => {
      const id = await made('alice', `owner/${randomUUID()}`)
      await as().createFolder({ collection: id, path: 'f', subject: 'alice', fields: null })
      const upload = { collection: id, path: 'f/u', size: 0, partSize: 1024 * 1024 * 5, mediaType: 'text/plain', fields: null, conditions: {} }
      const { id: upId } = await as().createUpload({ ...upload, id: randomUUID(), startedBy: 'alice', ttlMs: DAY_MS })
      await as().completeUpload(upId, [], { sha256: sha256(''), size: 0 })
      await as().completeUpload(upId, [], { sha256: sha256(''), size: 0 })
      expect(await deeds(id)).toEqual(['collection.create', 'entry.put f', 'entry.put f/u'])
    })

    it('has nothing of what failed, changed nothing, or was done in the name of nobody', async () => {
      const id = await made()
      await refusal(as().removeEntry({ collection: id, path: 'none', subject: 'alice' }), 'entry_not_found')
      await refusal(as().removeGrant(id, 'nobody'), 'grant_not_found')
      await refusal(made('alice', id), 'collection_exists')
      await world.put(id, 'a')
      await world.ledger.by(null).setGrant(id, 'bob', 'readonly')
      expect(await deeds(id)).toEqual(['collection.create'])
    })

    it('has a job once for each collection it names, and what is done with it', async () => {
      const [from, to, other] = [await made(), await made(), await made()]
      const items = [item([from, 'a'], [to]), item([from, 'b'], [to]), item([from, 'c'], [from, 'd'])]
      const { job } = await submit({ items })
      await as().pause(job.id)
      await as().pause(job.id)
      await as('root').resume(job.id)
      await as().cancel(job.id)
      await as().cancel(job.id)
      await world.work(job.id)
      await as().retry(job.id, ['failed'])
      await as().retry(job.id, ['cancelled'])
      const life = ['collection.create', 'job.submit', 'job.pause', 'job.resume', 'job.cancel', 'job.retry']
      expect(await deeds(from)).toEqual(life)
      expect(await deeds(to)).toEqual(life)
      expect(await deeds(other)).toEqual(['collection.create'])
      const [retried, , resumed, , submitted] = await records({ collection: to })
      expect(submitted).toMatchObject({ job: job.id, details: { kind: 'copy' }, subject: 'alice' })
      expect(resumed).toMatchObject({ job: job.id, subject: 'root' })
      expect(retried?.details).toEqual({ states: ['cancelled'] })
    })

    it('has a submission that was repeated once, and a manifest when it is sealed', async () => {
      const id = await made()
      const wish: Wish = { key: randomUUID(), items: [item([id, 'a'], [id, 'b'])] }
      await submit(wish)
      expect((await submit(wish)).replayed).toBe(true)
      expect(await deeds(id)).toEqual(['collection.create', 'job.submit'])
      const { job } = await submit({ kind: 'delete', sealed: false })
      await as().appendItems(job.id, [item([id, 'c'])])
      expect(await deeds(id)).toEqual(['collection.create', 'job.submit'])
      await as().seal(job.id, 'body')
      expect((await records({ collection: id }))[0]).toMatchObject({ job: job.id, action: 'job.submit', details: { kind: 'delete' } })
      const dropped = await submit({ kind: 'delete', sealed: false })
      await as().appendItems(dropped.job.id, [item([id, 'c'])])
      await as().dropUnsealed(dropped.job.id)
      expect(await records({ collection: id })).toHaveLength(3)
    })

    it('has a job over entities for each collection that it turns out to name', async () => {
      const [from, to] = [await made('alice', `owner/${randomUUID()}`), await made('alice', `owner/${randomUUID()}`)]
      const { entry } = await put(from, 'a')
      const subject = `agent-${randomUUID()}`
      await as().setGrant(from, subject, 'readwrite')
      await as().setGrant(to, subject, 'readwrite')
      const { job } = await submit({ entities: [{ entityId: entry.entityId, destination: { collection: to } }] }, subject)
      expect(await records({ subject })).toMatchObject([{ action: 'job.submit', collection: null, job: job.id }])
      await world.work(job.id)
      expect((await records({ subject })).map(({ collection }) => collection).toSorted()).toEqual([from, to, null].toSorted())
      for (const one of await records({ subject })) expect(one).toMatchObject({ ...actor(subject), job: job.id, action: 'job.submit' })
    })

    it('counts the collections of a job that names very many', async () => {
      const subject = `many-${randomUUID()}`
      const ids: string[] = []
      for (let n = 0; n < 1_001; n++) ids.push(`c-${randomUUID()}`)
      await Promise.all(ids.map(id => world.ledger.createCollection({ id, name: id, store: 'local', attributes: {}, createdBy: subject })))
      await submit({ kind: 'delete', items: ids.slice(1).map(id => item([id, 'a'])) }, subject)
      const thousand = await records({ subject }, 1000)
      expect(new Set(thousand.map(({ collection }) => collection))).toEqual(new Set(ids.slice(1)))
      await submit({ kind: 'delete', items: ids.map(id => item([id, 'a'])) }, subject)
      const more = (await records({ subject }, 1000)).slice(0, -1_000)
      expect(more).toHaveLength(1_001)
      expect(more.filter(({ collection }) => collection === null)).toMatchObject([{ details: { kind: 'delete', collections: 1_001 } }])
    })

    it('has tokens, never what is secret about them', async () => {
      const subject = `admin-${randomUUID()}`
      const token = { id: randomUUID(), subject: 'bob', scopes: ['read'] as const, label: 'x', expiresAt: null, hash: sha256(randomUUID()) }
      await as(subject).createToken(token)
      await as(subject).revokeToken(token.id)
      await as(subject).revokeToken(token.id)
      const found = await records({ subject })
      expect(found).toMatchObject([
        { action: 'token.revoke', collection: null, details: { token: token.id, subject: 'bob' } },
        { action: 'token.create', collection: null, details: { token: token.id, subject: 'bob', scopes: ['read'], label: 'x', expiresAt: null } },
      ])
      expect(JSON.stringify(found)).not.toContain(token.hash)
    })

    it('has no token that was made with one that is revoked', async () => {
      const token = (): NewToken => ({ id: randomUUID(), subject: 'bob', scopes: [], expiresAt: null, hash: sha256(randomUUID()) })
      const [first, late] = [token(), token()]
      await world.ledger.createToken(first)
      const withFirst = world.ledger.by({ ...actor('bob'), tokenId: first.id })
      await withFirst.createToken(token())
      await world.ledger.revokeToken(first.id)
      await refusal(withFirst.createToken(late), 'unauthenticated')
      expect(await world.ledger.tokenById(late.id)).toBeNull()
    })

    it('is read by collection, subject, action and time, page by page', async () => {
      const { clock } = world
      const subject = `reader-${randomUUID()}`
      const [one, two] = [await made(subject), await made(subject)]
      clock.advance(10)
      const middle = clock.now()
      await as(subject).setGrant(one, 'bob', 'readonly')
      clock.advance(10)
      await as(subject).setGrant(two, 'bob', 'readonly')
      await as('root').setGrant(two, 'carol', 'readonly')
      const tell = async (filter: AuditFilter): Promise<string[]> =>
        (await records(filter, 1)).map(({ action, collection }) => `${action} ${collection === one ? 1 : 2}`)
      expect(await tell({ subject })).toEqual(['grant.set 2', 'grant.set 1', 'collection.create 2', 'collection.create 1'])
      expect(await tell({ subject, action: 'grant.set' })).toEqual(['grant.set 2', 'grant.set 1'])
      expect(await tell({ subject, since: middle })).toEqual(['grant.set 2', 'grant.set 1'])
      expect(await tell({ subject, since: middle, until: middle + 1 })).toEqual(['grant.set 1'])
      expect(await tell({ subject, until: middle })).toEqual(['collection.create 2', 'collection.create 1'])
      expect(await tell({ collection: two, subject })).toEqual(['grant.set 2', 'collection.create 2'])
      expect(await tell({ collection: two, subject: 'root' })).toEqual(['grant.set 2'])
      expect((await records({ since: middle, until: middle + 1 })).map(({ action }) => action)).toEqual(['grant.set'])
      await refusal(world.ledger.audit({}, { limit: 1, cursor: Buffer.from('"a"').toString('base64url') }), 'invalid_cursor')
    })

    it('shows the owner of a collection nothing of another that had its id before', async () => {
      const id = await made('ann')
      await as('ann').setGrant(id, 'bob', 'admin')
      await as('ann').deleteCollection(id, 'ann')
      expect(await records({ collection: id, administeredBy: 'ann' })).toEqual([])
      await made('zoe', id)
      await as('zoe').setGrant(id, 'bob', 'readwrite')
      expect((await records({ collection: id, administeredBy: 'zoe' })).map(({ action }) => action)).toEqual(['grant.set', 'collection.create'])
      for (const nobody of ['ann', 'bob']) expect(await records({ collection: id, administeredBy: nobody })).toEqual([])
      expect(await records({ collection: id })).toHaveLength(5)
    })

    it('outlives its jobs, and is forgotten in its own time, the oldest first', async () => {
      const { clock, ledger } = world
      const id = await made()
      const { job } = await submit({ kind: 'delete', items: [item([id, 'a'])], retentionMs: 1 })
      await world.work(job.id)
      clock.advance(1)
      while ((await ledger.purge(100)) > 0);
      await refusal(ledger.job(job.id), 'job_expired')
      clock.advance(5)
      await as().setGrant(id, 'bob', 'readonly')
      expect(await deeds(id)).toEqual(['collection.create', 'job.submit', 'grant.set'])
      while ((await ledger.purgeAudit(clock.now(), 3)) === 3);
      expect(await deeds(id)).toEqual(['grant.set'])
      expect(await ledger.purgeAudit(clock.now(), 3)).toBe(0)
    })
  })
}
