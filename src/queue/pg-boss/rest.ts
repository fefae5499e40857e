import { setTimeout as pause } from 'node:timers/promises'

/** Waits in real time, as the database's heartbeats are; until the signal aborts at most. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await pause(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}
