import { describe, expect, it } from 'vitest'
import { SYS, VCARD, XSD, idOf, says, system, world } from './world.ts'

const of = world()
const OTHER = '8029b2df973dd216375a7c5a7761a2be'
const ALONE = `"false"^^<${XSD}boolean>`
let count = 0

/** A path that nothing has ever been at. */
function fresh(): string {
  count += 1
  return `/conditions.org/${count}`
}

/** A new infoton and its uuid. */
async function made(): Promise<{ path: string; uuid: string }> {
  const path = fresh()
  await of().update(says(path, 'FN', '1'))
  return { path, uuid: await of().uuid(path) }
}

function guarded(path: string, uuid: string, change = says(path, 'FN', '2')): string {
  return system(path, 'prevUUID', `"${uuid}"`) + change
}

describe('prevUUID', () => {
  it('that matches lets the update through', async () => {
    const { path, uuid } = await made()
    expect(await of().update(guarded(path, uuid))).toEqual({ [path]: 'Done' })
    expect(await of().fields(path)).toEqual({ 'FN.vcard': ['1', '2'] })
  })

  it('that does not match evicts it, and nothing changes', async () => {
    const { path, uuid } = await made()
    expect(await of().update(guarded(path, OTHER))).toEqual({ [path]: `Evicted(expected:${OTHER},actual:${uuid})` })
    expect(await of().infoton(path)).toMatchObject({ system: { uuid }, fields: { 'FN.vcard': ['1'] } })
    expect(await of().history(path)).toHaveLength(1)
  })

  it('of what is not there evicts it: actual is none', async () => {
    const path = fresh()
    expect(await of().update(guarded(path, OTHER))).toEqual({ [path]: `Evicted(expected:${OTHER},actual:none)` })
    expect((await of().get(`${path}?format=json`)).body).toBe('Infoton not found')
  })

  it('empty creates, and only that', async () => {
    const path = fresh()
    expect(await of().update(guarded(path, ''))).toEqual({ [path]: 'Done' })
    const uuid = await of().uuid(path)
    expect(await of().update(guarded(path, ''))).toEqual({ [path]: `Evicted(expected:,actual:${uuid})` })
  })

  it('counts a deleted infoton as present', async () => {
    const { path, uuid } = await made()
    await of().update(system(path, 'fullDelete', ALONE))
    const [tombstone] = await of().history(path)
    expect(tombstone).toMatchObject({ type: 'DeletedInfoton' })
    const dead = tombstone?.system.uuid as string
    expect(await of().update(guarded(path, ''))).toEqual({ [path]: `Evicted(expected:,actual:${dead})` })
    expect(await of().update(guarded(path, uuid))).toEqual({ [path]: `Evicted(expected:${uuid},actual:${dead})` })
    expect(await of().update(guarded(path, dead))).toEqual({ [path]: 'Done' })
    expect(await of().fields(path)).toEqual({ 'FN.vcard': ['2'] })
  })

  it('guards its own subject only', async () => {
    const [one, two] = [await made(), await made()]
    const free = fresh()
    const done = await of().update(guarded(one.path, OTHER) + guarded(two.path, two.uuid) + says(free, 'FN', '1'))
    expect(done).toEqual({ [one.path]: `Evicted(expected:${OTHER},actual:${one.uuid})`, [two.path]: 'Done', [free]: 'Done' })
  })

  it('guards replacements and deletions', async () => {
    const { path, uuid } = await made()
    for (const change of [
      system(path, 'markReplace', `<${VCARD}FN>`),
      system(path, 'markReplace', '<*>') + says(path, 'FN', '3'),
      `<http:/${path}> <${SYS}markDelete> _:b .\n_:b <${VCARD}FN> "1" .\n`,
      system(path, 'fullDelete', ALONE),
      system(path, 'fullDelete', `"true"^^<${XSD}boolean>`),
    ]) {
      expect(await of().update(guarded(path, OTHER, change)), change).toEqual({ [path]: `Evicted(expected:${OTHER},actual:${uuid})` })
    }
    expect(await of().update(guarded(path, OTHER), 'format=ntriples&replace-mode')).toEqual({ [path]: `Evicted(expected:${OTHER},actual:${uuid})` })
    expect(await of().fields(path)).toEqual({ 'FN.vcard': ['1'] })
    expect(await of().update(guarded(path, uuid, system(path, 'fullDelete', ALONE)))).toEqual({ [path]: 'Done' })
    expect((await of().get(`${path}?format=json`)).status).toBe(404)
  })

  it('may be written with any host', async () => {
    const { path, uuid } = await made()
    const body = says(path, 'FN', '2') + `<http:/${path}> <http://any.host:9000/meta/sys#prevUUID> "${OTHER}" .`
    expect(await of().update(body)).toEqual({ [path]: `Evicted(expected:${OTHER},actual:${uuid})` })
  })

  it('with several graphs is one when they agree', async () => {
    const { path, uuid } = await made()
    const both = ['http://g/1', 'http://g/2'].map(graph => `<http:/${path}> <${SYS}prevUUID> "${uuid}" <${graph}> .\n`).join('')
    expect(await of().update(both + says(path, 'FN', '2'))).toEqual({ [path]: 'Done' })
  })

  it('is answered with success even when the update will be evicted', async () => {
    const { path } = await made()
    const answer = await of().in('format=ntriples&tracking', guarded(path, OTHER))
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      200,
      { success: true, message: `Conditional update for all statements with subject [${path}] has been emitted` },
    ])
    await of().tracked(idOf(answer))
  })
})

describe('a null update', () => {
  it('is Done, and leaves uuid and time as they were', async () => {
    const { path, uuid } = await made()
    const before = await of().infoton(path)
    for (const body of [says(path, 'FN', '1'), guarded(path, uuid, says(path, 'FN', '1')), guarded(path, uuid, says(path, 'FN', '1'))]) {
      expect(await of().update(body)).toEqual({ [path]: 'Done' })
      expect(await of().infoton(path)).toEqual(before)
    }
    expect(await of().history(path)).toHaveLength(1)
    // the same condition holds again
    expect(await of().update(guarded(path, uuid))).toEqual({ [path]: 'Done' })
  })
})

describe('what the system keeps', () => {
  it('is not changed by who may only write; the rest of the update is', async () => {
    const path = fresh()
    const own = ['uuid', 'path', 'parent', 'lastModified', 'modifiedDate', 'lastModifiedBy', 'indexTime', 'dataCenter', 'protocol']
    await of().update(own.map(name => system(path, name, '"x"')).join('') + says(path, 'FN', '1'))
    const { system: kept, fields } = await of().infoton(path)
    expect([kept.path, kept.lastModifiedBy, kept.dataCenter, kept.protocol, fields]).toEqual([path, 'alice', 'lh', 'http', { 'FN.vcard': ['1'] }])
  })
})

describe('a new version', () => {
  it('has another uuid, and a later time, however quick it came', async () => {
    const path = fresh()
    for (let n = 0; n < 5; n += 1) await of().update(says(path, 'FN', String(n)))
    const history = await of().history(path)
    expect(new Set(history.map(({ system: { uuid } }) => uuid)).size).toBe(5)
    const times = history.map(({ system: { lastModified } }) => Date.parse(lastModified))
    expect(times).toEqual(times.toSorted((a, b) => b - a))
    expect(new Set(times).size).toBe(5)
  })

  it('is made when the scheme alone changes', async () => {
    const { path, uuid } = await made()
    expect(await of().update(`<https:/${path}> <${VCARD}FN> "1" .`)).toEqual({ [path]: 'Done' })
    const after = await of().infoton(path)
    expect(after.system.protocol).toBe('https')
    expect(after.system.uuid).not.toBe(uuid)
    expect(after.fields).toEqual({ 'FN.vcard': ['1'] })
  })
})
