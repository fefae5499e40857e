import { Command } from './command.ts'
import type { Model } from './model.ts'
import type { OperationOf } from './operations.ts'
import type { Real } from './real.ts'
import { sha256 } from '../../support/sha256.ts'
import { refusal } from '../ledger/world.ts'

export class Put extends Command<OperationOf<'put'>> {
  protected async act(model: Model, real: Real): Promise<void> {
    const { place, text } = this.operation
    const written = real.world.put(...real.at(place), text)
    if (model.isLocked(place)) await refusal(written, 'locked')
    else await written.then(() => model.put(place, sha256(text), text.length))
  }

  toString(): string {
    return `put "${this.operation.text}" at ${this.operation.place}`
  }
}

export class Remove extends Command<OperationOf<'remove'>> {
  protected async act(model: Model, real: Real): Promise<void> {
    const { place } = this.operation
    const [collection, path] = real.at(place)
    const removed = real.world.ledger.removeEntry({ collection, path, subject: 'alice' })
    if (model.isLocked(place)) await refusal(removed, 'locked')
    else if (model.live(place) === undefined) await refusal(removed, 'entry_not_found')
    else await removed.then(() => model.remove(place))
  }

  toString(): string {
    return `remove ${this.operation.place}`
  }
}

/** Somebody else locks a place, or all of its collection, or lets go of it. */
export class Lock extends Command<OperationOf<'lock' | 'unlock'>> {
  protected async act(model: Model, real: Real): Promise<void> {
    const { op, place, whole } = this.operation
    const [collection, path] = real.at(place)
    const at = whole ? null : path
    if (op === 'lock') {
      await real.world.ledger.acquireLock({ collection, path: at, holder: 'bob', reason: null, ttlMs: 1e9 })
      model.locked.add(this.#locked)
    } else {
      const released = real.world.ledger.releaseLock(collection, at, 'bob')
      await (model.locked.delete(this.#locked) ? released : refusal(released, 'lock_not_found'))
    }
  }

  get #locked(): string {
    const { place, whole } = this.operation
    return whole ? place.slice(0, place.indexOf('/') + 1) : place
  }

  toString(): string {
    return `${this.operation.op} ${this.#locked}`
  }
}

/** The submitter of all jobs loses the grant on a collection, or gets it back. */
export class Grant extends Command<OperationOf<'lose' | 'regain'>> {
  protected async act(model: Model, real: Real): Promise<void> {
    const { op, collection } = this.operation
    const id = real.collection(collection)
    if (op === 'regain') {
      await real.world.ledger.setGrant(id, 'alice', 'readwrite')
      model.lost.delete(collection)
    } else if (!model.lost.has(collection)) {
      await real.world.ledger.removeGrant(id, 'alice')
      model.lost.add(collection)
    }
  }

  toString(): string {
    return `${this.operation.op} the grant on ${this.operation.collection}`
  }
}
