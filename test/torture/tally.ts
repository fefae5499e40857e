export const INVARIANTS = ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I9'] as const
export type Invariant = (typeof INVARIANTS)[number]

/** How many things each invariant was checked on: a run that checked nothing of one has not shown that it holds. */
export class Tally {
  readonly checked: Record<Invariant, number> = { I1: 0, I2: 0, I3: 0, I4: 0, I5: 0, I6: 0, I7: 0, I8: 0, I9: 0 }

  count(rule: Invariant, things = 1): void {
    this.checked[rule] += things
  }

  add(other: Tally): void {
    for (const rule of INVARIANTS) this.checked[rule] += other.checked[rule]
  }
}
