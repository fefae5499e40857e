import type { Engine, Jobs } from '../../engine/api.ts'
import type { Caller } from '../../model/access.ts'
import type { Entry } from '../../model/entry.ts'
import type { Item, ItemEnd } from '../../model/item.ts'
import type { Job, JobKind } from '../../model/job.ts'
import { arrayText } from '../text-stream.ts'
import { errorBody } from './errors.ts'
import { fileHref } from './file-object.ts'
import type { FileObjects } from './folders.ts'
import { fileIdOf } from './ids.ts'
import { jobObject } from './job-object.ts'
import { isSettledWell, resultError } from './result-error.ts'
import { nameOf } from './words.ts'

type Report = Awaited<ReturnType<Jobs['report']>>

/** Entries looked up at once: what `tree.manyById` takes. */
const BATCH = 1000

/**
 * A job as JSON text, its results following as they are read: a job may have any number of them. They are there once it is FINISHED; before, the
 * place of a result among them would not tell its item. The order is that of the request's items, and of the files in an item that is a folder.
 */
export async function* jobText(engine: Engine, caller: Caller, job: Job, files: FileObjects): AsyncGenerator<string> {
  if (job.state !== 'finished') {
    yield JSON.stringify({ ...jobObject(job, files.base), result: [] })
    return
  }
  const report = await engine.jobs.report(caller, job.id, {})
  const head = `${JSON.stringify(jobObject(report.job, files.base)).slice(0, -1)},"result":[`
  yield* arrayText(head, resultPages(engine, caller, report, files), ']}')
}

async function* resultPages(engine: Engine, caller: Caller, { job, items }: Report, files: FileObjects): AsyncGenerator<readonly string[]> {
  for await (const page of items) {
    for (let first = 0; first < page.length; first += BATCH) yield resultTexts(engine, caller, job.kind, page.slice(first, first + BATCH), files)
  }
}

async function resultTexts(engine: Engine, caller: Caller, kind: JobKind, items: readonly Item[], files: FileObjects): Promise<string[]> {
  const ids = items.flatMap(item => (isSettledWell(item) && kind !== 'delete' ? (resultEnd(item).entityId ?? []) : []))
  const entries = ids.length === 0 ? new Map<string, Entry>() : await engine.tree.manyById(caller, [...new Set(ids)])
  const texts: string[] = []
  for (const item of items) texts.push(JSON.stringify(await resultOf(item, kind, entries, files)))
  return texts
}

/** `{"resource"}` or `{"error"}`, never both: the official client takes any `error` for a failure. */
async function resultOf(item: Item, kind: JobKind, entries: ReadonlyMap<string, Entry>, files: FileObjects): Promise<object> {
  if (!isSettledWell(item)) {
    const { line, message } = resultError(item, kind)
    return { error: errorBody(line, message) }
  }
  const end = resultEnd(item)
  const entry = entries.get(end.entityId ?? '')
  return { resource: entry === undefined ? goneFile(end, files.base) : await files.of(entry) }
}

/** The end that a good result shows: what a copy or move made; of a deletion, and of a file that was where it should go already, the file itself. */
export function resultEnd({ source, destination }: Item): ItemEnd {
  return destination === null || destination.entityId === null ? source : destination
}

/** A file that has been deleted, or taken out of sight, since: what the job itself knows of it. */
function goneFile({ entityId, path, collection }: ItemEnd, base: string): object {
  const id = fileIdOf(entityId ?? '')
  return { href: fileHref(base, id), id, name: nameOf(path), project: collection }
}
