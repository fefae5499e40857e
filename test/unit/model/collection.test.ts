import { describe, expect, it } from 'vitest'
import { ROLES, checkCollectionId, roleAtLeast } from '../../../src/model/collection.ts'

describe('collection ids', () => {
  it.each([
    'photos',
    'a',
    '7',
    'plain-name',
    'host.example.org',
    'owner/name',
    'Owner_1/my.data-set',
    'owner/v1',
    'v10',
    'filesystem',
    '0198a1b2-7c3d-7e4f-8a9b-0c1d2e3f4a5b',
    'x'.repeat(128),
  ])('%s is good', id => expect(checkCollectionId(id)).toBe(id))

  it.each([
    ['', 'empty'],
    ['x'.repeat(129), '129 characters'],
    ['v1', 'reserved'],
    ['V2', 'reserved'],
    ['apollo', 'reserved'],
    ['files/mine', 'reserved'],
    ['Projects', 'reserved'],
    ['openapi.json', 'reserved'],
    ['_private', 'reserved'],
    ['_', 'reserved'],
    ['a/b/c', 'at most one "/"'],
    ['a/', 'letters, digits'],
    ['/a', 'letters, digits'],
    ['a/_b', 'letters, digits'],
    ['.', 'letters, digits'],
    ['..', 'letters, digits'],
    ['a/..', 'letters, digits'],
    ['-a', 'letters, digits'],
    ['a.', 'letters, digits'],
    ['a b', 'letters, digits'],
    ['a\n', 'letters, digits'],
    ['ä', 'letters, digits'],
    ['a%2Fb', 'letters, digits'],
    ['a\u0000', 'letters, digits'],
  ])('%j is refused', (id, why) => {
    expect(() => checkCollectionId(id)).toThrow(expect.objectContaining({ code: 'invalid_collection_id', message: expect.stringContaining(why) }))
  })
})

describe('roles', () => {
  it('include those before them', () => {
    for (const [strength, role] of ROLES.entries()) {
      for (const [needed, least] of ROLES.entries()) expect(roleAtLeast(role, least)).toBe(strength >= needed)
    }
  })

  it('are weaker than each when there is none', () => {
    for (const least of ROLES) expect(roleAtLeast(null, least)).toBe(false)
  })
})
