import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

/** What became of a call: `value` is the last good one, also while the next is under way or after that failed. */
export interface Loaded<T> {
  readonly value: T | null
  readonly error: unknown
  readonly loading: boolean
  reload(): void
  /** Puts a newer value in place, as from a stream. */
  set(change: (value: T) => T): void
}

/** Calls `load` now and whenever `key` changes; what an older key asked for is aborted and forgotten. */
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ key: string; value: T | null; error: unknown; loading: boolean }>({ key, value: null, error: null, loading: true })
  const [round, setRound] = useState(0)
  const latest = useRef(load)
  latest.current = load
  useEffect(() => {
    const controller = new AbortController()
    setState(before => (before.key === key ? { ...before, loading: true } : { key, value: null, error: null, loading: true }))
    latest.current(controller.signal).then(
      value => {
        if (!controller.signal.aborted) setState({ key, value, error: null, loading: false })
      },
      (error: unknown) => {
        if (!controller.signal.aborted) setState(before => ({ ...before, error, loading: false }))
      },
    )
    return () => controller.abort()
  }, [key, round])
  const reload = useCallback(() => setRound(before => before + 1), [])
  const set = useCallback((change: (value: T) => T) => setState(before => (before.value === null ? before : { ...before, value: change(before.value) })), [])
  const current = state.key === key ? state : { value: null, error: null, loading: true }
  return { value: current.value, error: current.error, loading: current.loading, reload, set }
}
