import type { Random } from '../../support/random.ts'
import type { Desk, EntrySeen } from './desk.ts'
import { entryPath } from './desk.ts'
import { errand, type Errand } from './errand.ts'

/** A plain collection in the default store, one in a second store, and one that is an attached directory. */
export const WORK = 'work'
export const ELSEWHERE = 'elsewhere'
export const PLACE = 'place'

const FILES = 3

/** The life of some files: made, moved, changed, copied into another store and into a directory, deleted; each once. */
export function filesErrand(n: number, random: Random): Errand {
  const name = `errand-files-${n}`
  const files = Array.from({ length: FILES }, (_, at) => ({ leaf: `${at}.bin`, bytes: random.bytes(random.between(0, 3000)) }))
  const entities = new Map<string, string>()
  const jobs = new Map<string, string>()
  const from = (leaf: string): string => `${name}/in/${leaf}`
  const to = (leaf: string): string => `${name}/out/${leaf}`
  const job = (kind: string, body: () => object): Errand['steps'] => [
    async desk => void jobs.set(kind, await desk.submit(`${name}-${kind}`, body())),
    desk => desk.expectDone(jobs.get(kind) as string, FILES),
  ]
  const each =
    (look: (desk: Desk, file: (typeof files)[number]) => Promise<unknown>) =>
    async (desk: Desk): Promise<void> => {
      for (const file of files) await look(desk, file)
    }
  const items = (make: (leaf: string) => object): object[] => files.map(({ leaf }) => make(leaf))
  const copyTo = (collection: string): (() => object) => {
    return () => ({ kind: 'copy', select: [{ source: { collection: WORK, prefix: `${name}/out/` }, destination: { collection, prefix: `${name}/` } }] })
  }
  const gone = (collection: string) => each((desk, { leaf }) => desk.expectGone(collection, `${name}/${leaf}`, 2))
  const removed = (collection: string) => (): object => ({ kind: 'delete', items: items(leaf => ({ source: { collection, path: `${name}/${leaf}` } })) })
  return errand(
    name,
    each((desk, { leaf, bytes }) => desk.put(WORK, from(leaf), bytes)),
    each(async (desk, { leaf }) => void entities.set(leaf, (await desk.entry(WORK, from(leaf))).entityId)),
    ...job('move', () => ({
      kind: 'move',
      items: items(leaf => ({ source: { collection: WORK, path: from(leaf) }, destination: { collection: WORK, path: to(leaf) } })),
    })),
    each(async (desk, { leaf, bytes }) => {
      await desk.expectGone(WORK, from(leaf), 2)
      const { entityId } = await desk.expectFile(WORK, to(leaf), bytes, 1)
      desk.check('I6', entityId === entities.get(leaf), () => `${to(leaf)} was moved and is another entity`)
    }),
    ...job('update', () => ({ kind: 'update', items: items(leaf => ({ source: { collection: WORK, path: to(leaf) }, fields: { note: n } })) })),
    each(async (desk, { leaf, bytes }) => {
      const { fields }: EntrySeen = await desk.expectFile(WORK, to(leaf), bytes, 2)
      desk.check('I6', fields?.['note'] === n, () => `${to(leaf)} has the fields ${JSON.stringify(fields)}`)
    }),
    ...job('store', copyTo(ELSEWHERE)),
    each((desk, { leaf, bytes }) => desk.expectFile(ELSEWHERE, `${name}/${leaf}`, bytes, 1)),
    ...job('place', copyTo(PLACE)),
    each((desk, { leaf, bytes }) => desk.expectFile(PLACE, `${name}/${leaf}`, bytes, 1)),
    ...job('delete', removed(ELSEWHERE)),
    gone(ELSEWHERE),
    ...job('clear', removed(PLACE)),
    gone(PLACE),
  )
}

/** An upload whose digest is wrong leaves nothing, and its temporary file goes. */
export function refusedErrand(n: number, random: Random): Errand {
  const path = `errand-refused-${n}.bin`
  const bytes = random.bytes(random.between(1, 2000))
  return errand(`refused-${n}`, async desk => {
    await desk.ask('PUT', entryPath(WORK, path), [400], bytes, { 'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` })
    const { status } = await desk.ask('GET', entryPath(WORK, path), [404, 200])
    desk.check('I4', status === 404, () => `${path} is there, although its bytes were refused`)
    await desk.ask('GET', '/readyz', [200])
  })
}

/** A collection that is made, filled, emptied by force, removed and made again, empty. */
export function collectionErrand(n: number, random: Random): Errand {
  const id = random.chance(0.5) ? `errand-${n}` : `errand.org-${n}`
  const at = `/v1/collections/${id}`
  const bytes = random.bytes(100)
  const seen = async (desk: Desk): Promise<EntrySeen[]> => desk.list<EntrySeen>(`${at}/entries?`)
  return errand(
    `collection-${n}`,
    async desk => void (await desk.ask('POST', '/v1/collections', [201, 409], { id })),
    desk => desk.put(id, 'a/one', bytes),
    desk => desk.put(id, 'a/two', bytes),
    async desk => void (await desk.ask('PUT', `${at}/grants/friend`, [204], { role: 'readonly' })),
    async desk => {
      for (;;) {
        const { status, body } = await desk.ask('DELETE', `${at}?force=true`, [202, 204, 404])
        if (status !== 202) break
        await desk.finished((JSON.parse(body) as { id: string }).id)
      }
      await desk.ask('GET', at, [404])
    },
    async desk => void (await desk.ask('POST', '/v1/collections', [201, 409], { id })),
    async desk => {
      const { length } = await seen(desk)
      desk.check('I6', length === 0, () => `${id} was made anew and holds ${length} entries`)
    },
  )
}
