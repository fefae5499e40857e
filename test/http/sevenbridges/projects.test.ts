import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWorld } from './world.ts'
import type { Client, ListWords, World } from './world.ts'

interface ProjectWords {
  readonly id: string
  readonly name: string
}

type Projects = ListWords<ProjectWords>

describe('users and projects', () => {
  let world: World
  let alice: Client

  beforeAll(async () => {
    world = await startWorld()
    alice = await world.as('alice')
    await world.project('rfranklin/shared', 'Shared project')
    await world.grant('rfranklin/shared', 'alice', 'readonly')
  })
  afterAll(() => world.stop())

  it('tells whom the token stands for', async () => {
    const user = await alice.json<Record<string, unknown>>('GET', '/v2/user')
    expect(user).toMatchObject({ href: `${world.url}/v2/users/alice`, username: 'alice' })
    expect(Object.keys(user).sort()).toEqual(
      ['href', 'username', 'email', 'first_name', 'last_name', 'affiliation', 'phone', 'address', 'city', 'state', 'country', 'zip_code'].sort(),
    )
    expect(Object.values(user).every(value => typeof value === 'string')).toBe(true)
    expect(await alice.json('GET', user['href'] as string)).toEqual(user)
    expect(await alice.refusal('GET', '/v2/users/rfranklin')).toMatchObject({ status: 404, code: 2002 })
  })

  it('makes a project, whose id is its owner and what its name gives', async () => {
    // what the official client sends when it was not told a billing group
    const made = await alice.json('POST', '/v2/projects', { name: 'My Ünique Project!', billing_group: null, description: 'what for', tags: ['a'] }, 201)
    expect(made).toEqual({
      href: `${world.url}/v2/projects/alice/my-unique-project`,
      id: 'alice/my-unique-project',
      name: 'My Ünique Project!',
      type: 'v2',
      description: 'what for',
      tags: ['a'],
      settings: {},
      root_folder: 'root~alice~my-unique-project',
      category: 'PRIVATE',
      created_by: 'alice',
      created_on: expect.stringMatching(/Z$/) as string,
      modified_on: expect.stringMatching(/Z$/) as string,
      permissions: { read: true, copy: true, write: true, execute: false, admin: true },
    })
    expect(await alice.json('GET', '/v2/projects/alice/my-unique-project')).toEqual(made)
    expect(await alice.json('GET', '/v2/projects/alice%2Fmy-unique-project')).toEqual(made)
    expect(await alice.refusal('POST', '/v2/projects', { name: 'my unique project' })).toMatchObject({ status: 409, code: 90007 })
    for (const body of [{}, { name: '' }, { name: '!!!' }, { name: 'x', tags: 'a' }, { name: 'x', settings: [] }]) {
      expect(await alice.refusal('POST', '/v2/projects', body), JSON.stringify(body)).toMatchObject({ status: 400, code: 90000 })
    }
  })

  it('keeps a billing group only where the client could read it again', async () => {
    const group = '0e5f8a6c-9a4b-4b8e-8f6d-0c2d3e4f5a6b'
    expect(await alice.json('POST', '/v2/projects', { name: 'billed', billing_group: group }, 201)).toMatchObject({ billing_group: group })
    expect(await alice.json('POST', '/v2/projects', { name: 'unbilled', billing_group: 'mine' }, 201)).not.toHaveProperty('billing_group')
  })

  it('changes a project', async () => {
    await alice.json('POST', '/v2/projects', { name: 'changing' }, 201)
    const changed = await alice.json('PATCH', '/v2/projects/alice/changing', { name: 'Changed', description: 'new', tags: ['b'], settings: { locked: false } })
    expect(changed).toMatchObject({ id: 'alice/changing', name: 'Changed', description: 'new', tags: ['b'], settings: { locked: false } })
    expect(await alice.refusal('PATCH', '/v2/projects/rfranklin/shared', { name: 'mine' })).toMatchObject({ status: 403, code: 3001 })
  })

  it('lists with and without a slash, and by owner', async () => {
    await world.server.engine.collections.create({ subject: 'dora', scopes: new Set(), tokenId: '' }, { id: 'plain' })
    const dora = await world.as('dora')
    for (const number of [1, 2, 3]) await dora.json('POST', '/v2/projects', { name: `p${number}`, tags: [`t${number}`] }, 201)
    await world.grant('rfranklin/shared', 'dora', 'readwrite')
    const ids = async (path: string): Promise<string[]> => (await dora.json<Projects>('GET', path)).items.map(project => project.id)
    const all = ['dora/p1', 'dora/p2', 'dora/p3', 'rfranklin/shared']
    expect(await ids('/v2/projects/?fields=_all')).toEqual(all)
    expect(await ids('/v2/projects')).toEqual(all)
    expect(await ids('/v2/projects/dora?fields=_all')).toEqual(all.slice(0, 3))
    expect(await ids('/v2/projects/nobody')).toEqual([])
    expect(await ids('/v2/projects/?name=SHARED')).toEqual(['rfranklin/shared'])
    expect(await ids('/v2/projects/?tags=t2&tags=t3')).toEqual(['dora/p2', 'dora/p3'])
    expect(await ids('/v2/projects/?category=PUBLIC')).toEqual([])
    const page = await dora.send('GET', '/v2/projects/?fields=_all&offset=1&limit=2')
    expect(page.headers['x-total-matching-query']).toBe('4')
    const { href, links, items } = JSON.parse(page.body) as Projects
    expect(items.map(project => project.id)).toEqual(all.slice(1, 3))
    expect(href).toBe(`${world.url}/v2/projects/?fields=_all&offset=1&limit=2`)
    expect(links).toEqual([
      { href: `${world.url}/v2/projects/?fields=_all&offset=3&limit=2`, rel: 'next', method: 'GET' },
      { href: `${world.url}/v2/projects/?fields=_all&offset=0&limit=2`, rel: 'prev', method: 'GET' },
    ])
  })

  it('knows no project of others', async () => {
    const bob = await world.as('bob')
    expect(await bob.refusal('GET', '/v2/projects/rfranklin/shared')).toMatchObject({
      status: 404,
      code: 3002,
      message: 'there is no project "rfranklin/shared" that you have a grant for',
    })
    expect(await bob.json<Projects>('GET', '/v2/projects/')).toMatchObject({ items: [], links: [] })
  })

  it('makes an owner of any subject', async () => {
    const mail = await world.as('eve@example.org')
    expect(await mail.json('POST', '/v2/projects', { name: 'x' }, 201)).toMatchObject({ id: 'eve-example.org/x', created_by: 'eve@example.org' })
    expect((await mail.json<Projects>('GET', '/v2/projects/eve@example.org')).items).toHaveLength(1)
  })
})
