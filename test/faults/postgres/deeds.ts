import { expect } from 'vitest'
import type { Caller } from '../../../src/model/access.ts'
import { ALICE, put } from '../../unit/engine/house.ts'
import type { Random } from '../../support/random.ts'
import type { Storm } from '../storm.ts'

const CALLERS = 4
const DEEDS = 10
const PATHS = ['often/1', 'often/2']

/** Small things that several callers do at once, to the same entries among others, and what was acknowledged to them. */
export class Deeds {
  readonly #storm: Storm
  readonly #random: Random
  /** What each acknowledged version of an entry holds, by path and number. */
  readonly #versions = new Map<string, string>()
  readonly #grants = new Map<string, string | null>()
  readonly #locks = new Set<string>()
  readonly #made = new Set<string>()
  readonly #labels = new Map<string, string>()

  constructor(storm: Storm, random: Random) {
    this.#storm = storm
    this.#random = random
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: CALLERS }, (_, caller) => this.#act(caller)))
  }

  async #act(caller: number): Promise<void> {
    for (let n = 0; n < DEEDS; n++) {
      const deed = this.#random.pick(['put', 'put', 'put', 'grant', 'revoke', 'lock', 'make', 'rename'] as const)
      if (deed === 'put') await this.#put(`${caller}/${n}`)
      else if (deed === 'grant') await this.#grant(`subject-${caller}`)
      else if (deed === 'revoke') await this.#revoke(`subject-${caller}`)
      else if (deed === 'lock') await this.#lock(`locked/${caller}`)
      else if (deed === 'make') await this.#make(`made-${caller}-${n}`)
      else await this.#rename(caller, `${n}`)
    }
  }

  async #put(text: string): Promise<void> {
    const path = this.#random.pick(PATHS)
    const { version } = await this.#do(caller => put(this.#storm.anywhere(), 'near', path, text, caller))
    const name = `${path} ${version}`
    expect(this.#versions.get(name), `what ${name} was acknowledged to be before`).toBeUndefined()
    this.#versions.set(name, text)
  }

  async #grant(subject: string): Promise<void> {
    const role = this.#random.pick(['readonly', 'readwrite', 'admin'] as const)
    if (this.#grants.get(subject) === role) return
    await this.#do(caller => this.#storm.anywhere().engine.collections.setGrant(caller, 'near', subject, role))
    this.#grants.set(subject, role)
  }

  async #revoke(subject: string): Promise<void> {
    if ((this.#grants.get(subject) ?? null) === null) return
    await this.#do(caller => this.#storm.anywhere().engine.collections.removeGrant(caller, 'near', subject))
    this.#grants.set(subject, null)
  }

  async #lock(path: string): Promise<void> {
    if (this.#locks.delete(path)) {
      await this.#do(caller => this.#storm.anywhere().engine.locks.release(caller, 'near', path))
    } else {
      await this.#do(caller => this.#storm.anywhere().engine.locks.acquire(caller, 'near', path, { ttlSeconds: 24 * 3600 }))
      this.#locks.add(path)
    }
  }

  async #make(id: string): Promise<void> {
    await this.#do(caller => this.#storm.anywhere().engine.collections.create(caller, { id }))
    this.#made.add(id)
  }

  async #rename(caller: number, name: string): Promise<void> {
    const id = [...this.#made].find(one => one.startsWith(`made-${caller}-`))
    if (id === undefined || this.#labels.get(id) === name) return
    await this.#do(by => this.#storm.anywhere().engine.collections.update(by, id, { name }))
    this.#labels.set(id, name)
  }

  #do<T>(call: (caller: Caller) => Promise<T>): Promise<T> {
    return this.#storm.asking.ask(call, () => 1)
  }

  /** What was acknowledged is there, and nothing else is: what was refused was not done. */
  async check(): Promise<void> {
    const { engine, ledger } = this.#storm.house
    const versions = new Map<string, string>()
    for (const path of PATHS) {
      for (const { version } of (await ledger.versions('near', path, { limit: 1000 })).items) {
        const opened = await engine.entries.open(ALICE, 'near', path, version)
        versions.set(`${path} ${version}`, Buffer.concat(await (await opened.read()).toArray()).toString())
      }
    }
    expect(Object.fromEntries(versions)).toEqual(Object.fromEntries(this.#versions))
    const granted = (await ledger.grants('near', { limit: 100 })).items.filter(({ subject }) => subject !== ALICE.subject)
    const expected = [...this.#grants].filter(([, role]) => role !== null)
    expect(Object.fromEntries(granted.map(({ subject, role }) => [subject, role]))).toEqual(Object.fromEntries(expected))
    for (let caller = 0; caller < CALLERS; caller++) {
      const path = `locked/${caller}`
      expect((await ledger.locksOver('near', path)).length, path).toBe(this.#locks.has(path) ? 1 : 0)
    }
    const made = (await engine.collections.list(ALICE, { prefix: 'made-' }, { limit: 1000 })).items
    expect(Object.fromEntries(made.map(({ id, name }) => [id, name]))).toEqual(Object.fromEntries([...this.#made].map(id => [id, this.#labels.get(id) ?? id])))
  }
}
