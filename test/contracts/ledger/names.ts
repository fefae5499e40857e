import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { MOST_NAMES } from '../../../src/model/names.ts'
import { refusal, type World } from './world.ts'

const some = (n: number, prefix: string): Record<string, string> => Object.fromEntries(Array.from({ length: n }, (_, index) => [`${prefix}${index}`, 'urn:x']))

export function namesContract(world: World): void {
  describe('names', () => {
    it('belong to who gives them, a kind apart from the other, and are replaced by later ones', async () => {
      const [one, other] = [`s-${randomUUID()}`, `s-${randomUUID()}`]
      const { ledger } = world
      expect(await ledger.names(one, 'prefix')).toEqual(new Map())
      await ledger.setNames(one, 'prefix', { ex: 'http://example.org/', 'ü "x"': 'urn:ü' })
      await ledger.setNames(one, 'prefix', { ex: 'http://example.com/', new: 'urn:new' })
      await ledger.setNames(one, 'graph-alias', { ex: 'urn:graph' })
      await ledger.setNames(other, 'prefix', { ex: 'urn:other' })
      const expected = [
        ['ex', 'http://example.com/'],
        ['new', 'urn:new'],
        ['ü "x"', 'urn:ü'],
      ] as const
      expect(await ledger.names(one, 'prefix')).toEqual(new Map(expected))
      expect(await ledger.names(one, 'graph-alias')).toEqual(new Map([['ex', 'urn:graph']]))
      expect(await ledger.names(other, 'prefix')).toEqual(new Map([['ex', 'urn:other']]))
    })

    it('may have a meaning in JavaScript', async () => {
      const who = `s-${randomUUID()}`
      await world.ledger.setNames(who, 'prefix', Object.fromEntries(['__proto__', 'constructor', '0'].map(name => [name, `urn:${name}`])))
      expect([...(await world.ledger.names(who, 'prefix')).keys()].sort()).toEqual(['0', '__proto__', 'constructor'])
    })

    it('are limited in number: of what is too much nothing is kept', async () => {
      const who = `s-${randomUUID()}`
      await world.ledger.setNames(who, 'prefix', some(MOST_NAMES - 1, 'a'))
      await refusal(world.ledger.setNames(who, 'prefix', some(2, 'b')), 'too_many_items')
      expect((await world.ledger.names(who, 'prefix')).size).toBe(MOST_NAMES - 1)
      await world.ledger.setNames(who, 'prefix', { ...some(MOST_NAMES - 1, 'a'), last: 'urn:last' })
      await world.ledger.setNames(who, 'prefix', { last: 'urn:changed' })
      await world.ledger.setNames(who, 'graph-alias', some(2, 'b'))
      expect((await world.ledger.names(who, 'prefix')).get('last')).toBe('urn:changed')
    })
  })

  describe('types of fields', () => {
    it('are sets, of each collection its own, and go with it', async () => {
      const [c, other] = [await world.collection(), await world.collection()]
      const { ledger } = world
      await ledger.addFieldTypes(c, [
        { field: 'a', type: 'xsd:int' },
        { field: 'a', type: 'xsd:int' },
        { field: 'b', type: 'xsd:string' },
      ])
      await ledger.addFieldTypes(c, [
        { field: 'a', type: 'xsd:int' },
        { field: 'a', type: 'xsd:date' },
      ])
      await ledger.addFieldTypes(other, [{ field: 'a', type: 'urn:other' }])
      expect(await ledger.fieldTypes(c, ['a', 'b', 'none'])).toEqual(
        new Map([
          ['a', new Set(['xsd:date', 'xsd:int'])],
          ['b', new Set(['xsd:string'])],
        ]),
      )
      expect(await ledger.fieldTypes(other, ['a'])).toEqual(new Map([['a', new Set(['urn:other'])]]))
      await ledger.deleteCollection(c, 'alice')
      expect(await ledger.fieldTypes(c, ['a', 'b'])).toEqual(new Map())
      await refusal(ledger.addFieldTypes(c, [{ field: 'a', type: 'x' }]), 'collection_not_found')
      await ledger.createCollection({ id: c, name: c, store: 'local', attributes: {}, createdBy: 'alice' })
      expect(await ledger.fieldTypes(c, ['a'])).toEqual(new Map())
    })
  })
}
