import type { Job } from '../model/job.ts'
import type { CommittedWork } from '../ports/observed-ledger.ts'
import type { Activity, BegunRequest, BytesMoved, Observer, RequestWatch } from '../ports/observer.ts'

/** Tells several observers, in their order; work runs within all of them. */
export class Observers implements Observer {
  readonly #all: readonly Observer[]

  constructor(all: readonly Observer[]) {
    this.#all = all
  }

  during<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
    return this.#all.reduceRight<() => Promise<T>>((inner, observer) => () => observer.during(activity, inner), work)()
  }

  submitted(job: Job): void {
    for (const observer of this.#all) observer.submitted(job)
  }

  committed(work: CommittedWork): void {
    for (const observer of this.#all) observer.committed(work)
  }

  moved(store: string, way: BytesMoved, bytes: number): void {
    for (const observer of this.#all) observer.moved(store, way, bytes)
  }

  storeFailed(store: string, code: string): void {
    for (const observer of this.#all) observer.storeFailed(store, code)
  }

  storeRetried(store: string): void {
    for (const observer of this.#all) observer.storeRetried(store)
  }

  streamOpened(): () => void {
    const closed = this.#all.map(observer => observer.streamOpened())
    return () => {
      for (const close of closed) close()
    }
  }

  request(begun: BegunRequest): RequestWatch {
    const watches = this.#all.map(observer => observer.request(begun))
    return {
      run: next => watches.reduceRight<() => void>((inner, watch) => () => watch.run(inner), next)(),
      ended: end => {
        for (const watch of watches) watch.ended(end)
      },
    }
  }
}
