import { describe, expect, it } from 'vitest'
import { idOf, says, system, world } from './world.ts'

const of = world()
const ROUNDS = 1000
/** Infotons of a round: each is a race of its own, in documents that come at the same time. */
const WIDTH = 5

describe('two writers with the same prevUUID', () => {
  it(`make one Done and one Evicted, ${ROUNDS} times`, { timeout: 120_000 }, async () => {
    const paths = Array.from({ length: WIDTH }, (_, n) => `/race.org/${n}`)
    await of().update(paths.map(path => says(path, 'FN', 'start')).join(''), 'format=ntriples')
    let uuids = await versions()
    for (let round = 0; round < ROUNDS / WIDTH; round += 1) {
      const before = uuids
      const write = async (writer: string): Promise<Record<string, string>> => {
        // the other order: neither document is always the first
        const order = writer === 'one' ? paths : paths.toReversed()
        const body = order.map(path => system(path, 'prevUUID', `"${before.get(path)}"`) + says(path, 'FN', `${writer} ${round}`)).join('')
        return of().tracked(idOf(await of().in('format=ntriples&tracking', body, { as: 'alice' })))
      }
      const [one, two] = await Promise.all([write('one'), write('two')])
      uuids = await versions()
      for (const path of paths) {
        const actual = uuids.get(path) ?? ''
        expect(actual).not.toBe(before.get(path))
        const evicted = `Evicted(expected:${before.get(path)},actual:${actual})`
        expect([one[path], two[path]].toSorted(), path).toEqual(['Done', evicted])
      }
    }
    // each round made one version, and the values are those of the winners
    for (const path of paths) {
      expect(await of().history(path)).toHaveLength(1 + ROUNDS / WIDTH)
      expect((await of().fields(path))?.['FN.vcard']).toHaveLength(1 + ROUNDS / WIDTH)
    }

    /** The uuid of each path, as the parent tells them. */
    async function versions(): Promise<Map<string, string>> {
      const { children } = JSON.parse((await of().get('/race.org?format=json&length=1000')).body) as {
        children: readonly { readonly system: { readonly path: string; readonly uuid: string } }[]
      }
      return new Map(children.map(({ system: { path, uuid } }) => [path, uuid]))
    }
  })

  it('who both create, make one', async () => {
    for (let round = 0; round < 20; round += 1) {
      const path = `/race.org/new/${round}`
      const create = async (): Promise<string | undefined> => (await of().update(system(path, 'prevUUID', '""') + says(path, 'FN', 'x')))[path]
      const both = await Promise.all([create(), create(), create()])
      const uuid = await of().uuid(path)
      expect(both.toSorted()).toEqual(['Done', `Evicted(expected:,actual:${uuid})`, `Evicted(expected:,actual:${uuid})`])
    }
  })
})
