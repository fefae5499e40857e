import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WaybillError } from '../../src/model/errors.ts'
import type { Place, PlacedFile, PlacePage, Published } from '../../src/ports/place.ts'
import { sha256 } from '../support/sha256.ts'

/** A place and somebody else who writes into it, past us. */
export interface PlaceUnderTest {
  readonly place: Place
  /** A second one of the same service or file system. */
  readonly other: Place
  writeOutside(path: string, bytes: string | Buffer): Promise<void>
  removeOutside(path: string): Promise<void>
  /** What lies in the place beside its files. */
  unfinished(): Promise<number>
  close(): Promise<void>
}

const always = (): boolean => true

function bodyOf(bytes: string | Buffer): Readable {
  return Readable.from([Buffer.from(bytes)], { objectMode: false })
}

/** What every Place must do (src/ports/place.ts). */
export function placeContract(name: string, open: () => Promise<PlaceUnderTest>): void {
  describe(`${name} is a Place`, () => {
    let under: PlaceUnderTest
    let place: Place
    beforeAll(async () => {
      under = await open()
      place = under.place
    }, 60_000)
    afterAll(() => under.close())

    const publish = async (path: string, bytes: string | Buffer, expect: string | null = null, mayGoOn = always, to = place): Promise<Published> => {
      const staged = await to.stage(bodyOf(bytes), {})
      const [published] = await to.publish([{ staged, path, expect }], mayGoOn)
      if (published !== undefined && 'error' in published) await to.discard(staged)
      return published as Published
    }
    const put = async (path: string, bytes: string | Buffer, expect: string | null = null): Promise<PlacedFile> => {
      const published = await publish(path, bytes, expect)
      if ('error' in published) throw published.error
      return published.file
    }
    const codeOf = (published: Published): string | null => {
      if ('file' in published) return null
      return published.error instanceof WaybillError ? published.error.code : String(published.error)
    }
    const look = async (path: string, at = place): Promise<PlacedFile | null | undefined> => (await at.stat([path]))[0]
    const read = async (file: PlacedFile): Promise<string> => (await buffer(await place.open(file.path, file.stamp))).toString()
    const refusal = async (work: Promise<unknown>): Promise<string> => {
      try {
        await work
      } catch (error) {
        return error instanceof WaybillError ? error.code : String(error)
      }
      return 'nothing was refused'
    }
    const pages = async (prefix: string, limit: number, delimiter?: '/'): Promise<PlacePage[]> => {
      const all: PlacePage[] = []
      for (let after: string | null = ''; after !== null; after = all.at(-1)?.through ?? null) {
        all.push(await place.list({ prefix, after, limit, ...(delimiter === undefined ? {} : { delimiter }) }))
      }
      return all
    }

    it('publishes what was staged, whole and with its digest, and gives it back', async () => {
      const staged = await place.stage(bodyOf('hello'), {})
      expect(staged).toMatchObject({ size: 5, sha256: sha256('hello') })
      expect(await look('new/folder/a.txt')).toBe(null)
      const [published] = await place.publish([{ staged, path: 'new/folder/a.txt', expect: null }], always)
      expect(published).toMatchObject({ file: { path: 'new/folder/a.txt', size: 5 } })
      const there = await look('new/folder/a.txt')
      expect({ file: there }).toEqual(published)
      expect(await read(there as PlacedFile)).toBe('hello')
      expect(await place.marked('new/folder/a.txt', staged.mark)).toEqual(there)
      expect(await under.unfinished()).toBe(0)
    })

    it('tells its own file by the mark, and no other, whatever its bytes', async () => {
      const staged = await place.stage(bodyOf('mine'), {})
      expect(await place.marked('marks/a', staged.mark)).toBe(null)
      await under.writeOutside('marks/a', 'mine')
      expect(await place.marked('marks/a', staged.mark)).toBe(null)
      await place.discard(staged)
    })

    it('reads ranges, the empty file, and refuses what lies outside', async () => {
      const file = await put('ranges/a', '0123456789')
      const range = async (start: number, end: number): Promise<string> => (await buffer(await place.open(file.path, file.stamp, { start, end }))).toString()
      expect(await range(2, 5)).toBe('234')
      expect(await range(9, 10)).toBe('9')
      expect(await refusal(range(5, 11))).toBe('range_not_satisfiable')
      expect(await read(await put('ranges/empty', ''))).toBe('')
    })

    it('gives no bytes of another file than that of the stamp', async () => {
      await under.writeOutside('changing/a', 'one')
      const before = (await look('changing/a')) as PlacedFile
      expect(await read(before)).toBe('one')
      await under.writeOutside('changing/a', 'two')
      const after = (await look('changing/a')) as PlacedFile
      expect(after.stamp).not.toBe(before.stamp)
      expect(await refusal(read(before))).toBe('source_changed')
      expect(await read(after)).toBe('two')
      await under.removeOutside('changing/a')
      expect(await refusal(read(after))).toBe('source_changed')
      expect(await look('changing/a')).toBe(null)
    })

    it('replaces the expected file only', async () => {
      const first = await put('replaced', 'first')
      const second = await put('replaced', 'second', first.stamp)
      expect(await read(second)).toBe('second')
      expect(codeOf(await publish('replaced', 'third', first.stamp))).toBe('destination_changed')
      await under.writeOutside('replaced', 'from outside')
      expect(codeOf(await publish('replaced', 'third', second.stamp))).toBe('destination_changed')
      expect(await read((await look('replaced')) as PlacedFile)).toBe('from outside')
      expect(await under.unfinished()).toBe(0)
    })

    it('writes over nothing where nothing may be', async () => {
      await under.writeOutside('there/already', 'theirs')
      expect(codeOf(await publish('there/already', 'mine'))).toBe('destination_changed')
      expect(await read((await look('there/already')) as PlacedFile)).toBe('theirs')
    })

    it('publishes nothing when it may not go on', async () => {
      expect(codeOf(await publish('late', 'x', null, () => false))).toBe('stale_lease')
      expect(await look('late')).toBe(null)
      expect(await under.unfinished()).toBe(0)
    })

    it('removes the expected file only, and nothing when it may not go on', async () => {
      const [one, two] = [await put('removed/one', 'one'), await put('removed/two', 'two')]
      const removal = ({ path, stamp }: PlacedFile): { path: string; stamp: string } => ({ path, stamp })
      const codes = async (files: readonly PlacedFile[], mayGoOn = always): Promise<unknown[]> =>
        (await place.remove(files.map(removal), mayGoOn)).map(result => (result === null ? null : codeOf(result)))
      expect(await codes([one, two], () => false)).toEqual(['stale_lease', 'stale_lease'])
      await under.writeOutside('removed/two', 'theirs')
      const never = { ...one, path: 'removed/never/there' }
      expect(await codes([one, two, never])).toEqual([null, 'destination_changed', 'destination_changed'])
      expect(await codes([one])).toEqual(['destination_changed'])
      expect((await place.list({ prefix: 'removed/', after: '', limit: 10 })).files.map(({ path }) => path)).toEqual(['removed/two'])
    })

    it('stages nothing of a body that breaks off, or is another than was announced', async () => {
      const broken = Readable.from(
        (function* () {
          yield Buffer.from('half')
          throw new Error('broken')
        })(),
        { objectMode: false },
      )
      expect(await refusal(place.stage(broken, {}))).toBe('incomplete_body')
      expect(await refusal(place.stage(bodyOf('x'), { sha256: sha256('y') }))).toBe('digest_mismatch')
      expect(await refusal(place.stage(bodyOf('xyz'), { size: 2 }))).toBe('incomplete_body')
      expect(await under.unfinished()).toBe(0)
    })

    it('refuses paths that lead elsewhere', async () => {
      for (const path of ['../out', 'a/../../out', '/etc/passwd', 'a//b', 'nul\u0000', '.', '']) {
        expect(codeOf(await publish(path, 'x')), JSON.stringify(path)).toBe('invalid_path')
        expect(await look(path), JSON.stringify(path)).toBe(null)
      }
    })

    it('takes several at once, and tells what came of each', async () => {
      const staged = await Promise.all(['a', 'b', 'c'].map(text => place.stage(bodyOf(text), {})))
      await under.writeOutside('many/b', 'theirs')
      const published = await place.publish(
        staged.map((each, index) => ({ staged: each, path: `many/${'abc'[index] as string}`, expect: null })),
        always,
      )
      expect(published.map(codeOf)).toEqual([null, 'destination_changed', null])
      await Promise.all(staged.map(each => place.discard(each)))
      expect(await under.unfinished()).toBe(0)
    })

    it('lists in the byte order of paths, by pages of any size', async () => {
      const paths = ['list/a', 'list/a.txt', 'list/a/b', 'list/a/b/c', 'list/ab', 'list/ä', 'list/😀', 'list/\uffee']
      const wanted = paths.filter(path => path !== 'list/a' && path !== 'list/a/b')
      for (const path of wanted) await under.writeOutside(path, path)
      const order = wanted.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
      for (const limit of [1, 2, 3, 100]) {
        const found = await pages('list/', limit)
        expect(
          found.flatMap(({ files }) => files.map(({ path }) => path)),
          `by ${limit}`,
        ).toEqual(order)
      }
      const [whole] = await pages('list/', 100)
      for (const file of whole?.files ?? []) expect(await look(file.path)).toEqual(file)
      // from the middle, with no walk begun before
      const rest = await place.list({ prefix: 'list/', after: order[2] as string, limit: 100 })
      expect(rest.files.map(({ path }) => path)).toEqual(order.slice(3))
      expect((await pages('list/a', 100)).flatMap(({ files }) => files.length)).toEqual([3])
      expect((await pages('nothing/here/', 100)).flatMap(({ files }) => files)).toEqual([])
    })

    it('rolls up what lies beneath a "/"', async () => {
      for (const path of ['roll/a', 'roll/b/1', 'roll/b/2', 'roll/b/c/3', 'roll/d']) await under.writeOutside(path, path)
      for (const limit of [1, 2, 100]) {
        const found = await pages('roll/', limit, '/')
        expect(found.flatMap(({ files }) => files.map(({ path }) => path))).toEqual(['roll/a', 'roll/d'])
        expect(found.flatMap(({ folders }) => folders)).toEqual(['roll/b/'])
      }
    })

    it('copies from another place of its kind without reading, and only the file of that stamp', async () => {
      const bytes = randomBytes(300_000)
      const published = await publish('from/here', bytes, null, always, under.other)
      const file = 'file' in published ? published.file : null
      if (file === null) throw new Error('nothing was published')
      const staged = await place.stageCopy(under.other, file)
      if (staged === null) throw new Error('there is no short way')
      expect(staged).toMatchObject({ size: bytes.length, sha256: null })
      const [copy] = await place.publish([{ staged, path: 'copied/to', expect: null }], always)
      if (copy === undefined || 'error' in copy) throw new Error('the copy was not published', { cause: copy?.error })
      expect((await buffer(await place.open('copied/to', copy.file.stamp))).equals(bytes)).toBe(true)
      expect(await place.marked('copied/to', staged.mark)).toEqual(copy.file)
      const stale = { ...file, stamp: `${file.stamp}0` }
      expect(await refusal(copyOf(stale))).toBe('source_changed')
      expect(await under.unfinished()).toBe(0)
    })

    /** Staged and published: where the service copies only then, it refuses only then. */
    const copyOf = async (file: PlacedFile): Promise<void> => {
      const staged = await place.stageCopy(under.other, file)
      if (staged === null) return
      const [published] = await place.publish([{ staged, path: 'copied/stale', expect: null }], always)
      await place.discard(staged)
      if (published !== undefined && 'error' in published) throw published.error
    }

    it('sweeps what was never published, but nothing that this process still works on', async () => {
      const staged = await place.stage(bodyOf('waiting'), {})
      await place.sweepUnfinished(Date.now() + 60_000)
      const [published] = await place.publish([{ staged, path: 'swept/not', expect: null }], always)
      expect(codeOf(published as Published)).toBe(null)
    })

    it('is well', async () => {
      await place.health()
      expect(await under.unfinished()).toBe(0)
    })
  })
}
