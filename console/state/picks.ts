/** Files and folders that were picked for a job: paths, those of folders with a slash at their end. Too many for an address, so they live in memory. */
export interface Picks {
  readonly collection: string
  readonly keys: readonly string[]
}

let current: Picks | null = null

/** What was picked last, until the dialog that it is for has taken it. */
export const picks = {
  set(next: Picks): void {
    current = next
  },
  take(): Picks | null {
    const taken = current
    current = null
    return taken === null || taken.keys.length === 0 ? null : taken
  },
}
