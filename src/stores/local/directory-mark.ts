import { randomUUID } from 'node:crypto'
import { link, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { WaybillError } from '../../model/errors.ts'
import { errnoOf, fileError } from '../file-errors.ts'

const UUID = /^[0-9a-f-]{36}$/

/**
 * What tells the directory of a local store (opened before) from every other: made once, at random, and kept in its file `mark`. It goes along when the
 * directory is moved or copied. Throws `unavailable` for a file that holds something else.
 */
export async function directoryMark(name: string, directory: string): Promise<string> {
  const file = join(directory, 'mark')
  try {
    const mark = (await readIfThere(file)) ?? (await makeMark(directory, file))
    if (UUID.test(mark)) return mark
  } catch (error) {
    throw fileError(error, name)
  }
  throw new WaybillError('unavailable', `${file} does not hold the mark of a store (a UUID); put the right one back, or remove it`)
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}

/** Of several servers that start at once in a new directory the first one's is everybody's: a link is made whole, and only where nothing is. */
async function makeMark(directory: string, file: string): Promise<string> {
  const unfinished = join(directory, 'tmp', randomUUID())
  await writeFile(unfinished, `${randomUUID()}\n`, { flush: true })
  try {
    await link(unfinished, file)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  }
  await unlink(unfinished)
  return (await readFile(file, 'utf8')).trim()
}
