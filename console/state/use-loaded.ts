import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { ApiError } from '../api/api.ts'
import { lastKnown } from './last-known.ts'

/** What became of a call: `value` is the last good one, also while the next is under way or after that failed. */
export interface Loaded<T> {
  readonly value: T | null
  readonly error: unknown
  readonly loading: boolean
  reload(): void
  /** Puts a newer value in place, as from a stream. */
  set(change: (value: T) => T): void
}

/** Heard by the window when the server answers again. */
export const REACHED = 'waybill-reached'

interface LoadOptions {
  /** The name of what is loaded: the last value is kept while the tab lives, and shown beside the error while the server is away. */
  readonly keep?: string
  /** It is loaded again when this changes; what is there stays until then. */
  readonly round?: number
}

/** Calls `load` now and whenever `key` changes; what an older key asked for is aborted and forgotten. */
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<T>, { keep, round: asked = 0 }: LoadOptions = {}): Loaded<T> {
  const [state, setState] = useState<{ key: string; value: T | null; error: unknown; loading: boolean }>({ key, value: null, error: null, loading: true })
  const [round, setRound] = useState(0)
  const latest = useRef(load)
  latest.current = load
  const name = keep === undefined ? null : `${keep} ${key}`
  useEffect(() => {
    const controller = new AbortController()
    setState(before => (before.key === key ? { ...before, loading: true } : { key, value: null, error: null, loading: true }))
    latest.current(controller.signal).then(
      value => {
        if (controller.signal.aborted) return
        setState({ key, value, error: null, loading: false })
        if (name !== null) lastKnown.remember(name, value)
      },
      (error: unknown) => {
        if (controller.signal.aborted) return
        const known = name !== null && isAway(error) ? lastKnown.recall<T>(name) : null
        setState(before => ({ ...before, value: before.value ?? known?.value ?? null, error, loading: false }))
      },
    )
    return () => controller.abort()
  }, [key, round, asked, name])
  const reload = useCallback(() => setRound(before => before + 1), [])
  const failed = useRef<unknown>(null)
  failed.current = state.error
  useEffect(() => {
    const again = (): void => {
      if (isAway(failed.current)) reload()
    }
    addEventListener(REACHED, again)
    return () => removeEventListener(REACHED, again)
  }, [reload])
  const set = useCallback((change: (value: T) => T) => setState(before => (before.value === null ? before : { ...before, value: change(before.value) })), [])
  const current = state.key === key ? state : { value: null, error: null, loading: true }
  return { value: current.value, error: current.error, loading: current.loading, reload, set }
}

/** True of a call that was not answered at all. */
function isAway(error: unknown): boolean {
  return error instanceof ApiError && error.status === 0
}
