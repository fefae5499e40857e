import { WaybillError } from '../../src/model/errors.ts'
import type { Place } from '../../src/ports/place.ts'
import { faultOf, type Injector } from './injector.ts'

const REAL = new WeakMap<Place, Place>()

/** A real place that fails as the injector says. `publish` and `remove` fail as a whole when their answer is lost: what was done then, only the place shows. */
export function faultyPlace(place: Place, faults: Injector): Place {
  const changed = (path: string): void => {
    if (faults.befalls('changed')) throw new WaybillError('source_changed', `injected: ${JSON.stringify(path)} was changed in mid-copy`)
  }
  const faulty: Place = {
    name: place.name,
    readonly: place.readonly,
    shared: place.shared,
    list: query =>
      faults.call('list', async () => {
        const page = await place.list(query)
        return faults.befalls('listing') ? { ...page, files: faults.some(page.files) } : page
      }),
    stat: paths =>
      faults.call('stat', async () => {
        const found = await place.stat(paths)
        return found.map(file => (faults.befalls('busy') ? undefined : file))
      }),
    marked: (path, mark) => faults.call('marked', () => place.marked(path, mark)),
    open: async (path, stamp, range) => {
      faults.refuse('open')
      changed(path)
      return faults.reading(await place.open(path, stamp, range))
    },
    stage: (body, expect) => faults.call('stage', () => place.stage(faults.writing(body, expect.sha256 !== undefined), expect)),
    stageCopy: (source, file) =>
      faults.call('stageCopy', async () => {
        const staged = await place.stageCopy(REAL.get(source) ?? source, file)
        if (staged !== null && faults.befalls('changed')) {
          await place.discard(staged)
          throw new WaybillError('source_changed', `injected: ${JSON.stringify(file.path)} was changed in mid-copy`)
        }
        if (staged !== null && faults.befalls('full')) {
          await place.discard(staged)
          throw faultOf('out_of_space', 'ENOSPC in the middle of a copy')
        }
        return staged
      }),
    publish: (publications, mayGoOn) => faults.call('publish', () => place.publish(publications, mayGoOn)),
    remove: (removals, mayGoOn) => faults.call('remove', () => place.remove(removals, mayGoOn)),
    discard: staged => faults.call('discard', () => place.discard(staged)),
    sweepUnfinished: before => faults.call('sweepUnfinished', () => place.sweepUnfinished(before)),
    health: () => faults.call('health', () => place.health()),
  }
  REAL.set(faulty, place)
  return faulty
}
