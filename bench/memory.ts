import { readFileSync } from 'node:fs'

/** Resident memory of a process now, in MB (10^6 bytes). */
export function residentMb(pid: number, field: 'VmRSS' | 'VmHWM' = 'VmRSS'): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  if (found === null) throw new Error(`/proc/${pid}/status has no ${field}`)
  return (Number(found[1]) * 1024) / 1e6
}

/** Runs something and returns its result with the highest resident memory seen meanwhile, sampled ten times a second. */
export async function withPeakMemory<T>(pid: number, run: () => Promise<T>): Promise<{ readonly result: T; readonly peakMb: number }> {
  let peakMb = residentMb(pid)
  const timer = setInterval(() => (peakMb = Math.max(peakMb, residentMb(pid))), 100)
  try {
    const result = await run()
    return { result, peakMb: Math.max(peakMb, residentMb(pid)) }
  } finally {
    clearInterval(timer)
  }
}
