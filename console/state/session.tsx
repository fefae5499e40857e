import type { ComponentChildren } from 'preact'
import { createContext } from 'preact'
import { useCallback, useContext, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Api, ApiError } from '../api/api.ts'
import type { WhoAmI } from '../api/types.ts'
import { lastKnown } from './last-known.ts'
import { REACHED } from './use-loaded.ts'

/** A signed-in user. */
export interface Session {
  readonly api: Api
  readonly who: WhoAmI
  /** False while calls are not answered: what is seen is what was known last. */
  readonly answers: boolean
  /** Where they are not: when the server answered last, epoch milliseconds. */
  readonly answeredAt: number
  signOut(): void
}

/** While the server is away it is asked this often whether it is back. */
const ASK_MS = 3_000
/** Under which name the answer to who we are is kept. */
const WHO = 'who'

/** Where the token is kept while the tab lives, if the user wishes; else it is in memory only. */
const KEPT = 'waybill.token'

const SessionContext = createContext<Session | null>(null)

/** The session; only beneath `SessionGate`. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (session === null) throw new Error('there is no session here')
  return session
}

export function useApi(): Api {
  return useSession().api
}

/** True with a scope that changes things. */
export function mayWrite(scopes: readonly string[]): boolean {
  return scopes.includes('write') || scopes.includes('admin')
}

/** What the page to sign in is given. `message`: why it is shown again. */
export interface SignInProps {
  readonly message: string | null
  signIn(token: string, keep: boolean): Promise<void>
}

/** Shows `signIn` until there is a token that the server takes, then its children. */
export function SessionGate({
  signIn: SignIn,
  children,
}: {
  readonly signIn: (props: SignInProps) => ComponentChildren
  readonly children: ComponentChildren
}) {
  const [session, setSession] = useState<{ readonly api: Api; readonly who: WhoAmI } | null>(null)
  const [reach, setReach] = useState({ answers: true, at: 0 })
  // told with each call: only a change is worth drawing the page anew
  const heardAt = useRef(0)
  const [message, setMessage] = useState<string | null>(null)
  const [looking, setLooking] = useState(() => sessionStorage.getItem(KEPT) !== null)

  const leave = useCallback((why: string | null) => {
    sessionStorage.removeItem(KEPT)
    lastKnown.forget()
    setSession(null)
    setMessage(why)
  }, [])
  const enter = useCallback(
    async (token: string, keep: boolean) => {
      const who = await whoIs(token)
      if (keep) {
        sessionStorage.setItem(KEPT, token)
        lastKnown.begin()
        if (who.away === null) lastKnown.remember(WHO, who.who)
      }
      const heard = (answers: boolean): void => {
        if (answers) heardAt.current = Date.now()
        setReach(before => (before.answers === answers ? before : { answers, at: heardAt.current }))
      }
      const api = new Api(token, () => leave('The server no longer takes this token: it has expired or was revoked.'), heard)
      setMessage(null)
      heardAt.current = who.away ?? Date.now()
      setReach({ answers: who.away === null, at: heardAt.current })
      setSession({ api, who: who.who })
    },
    [leave],
  )
  useEffect(() => {
    const kept = sessionStorage.getItem(KEPT)
    if (kept === null) return
    enter(kept, true)
      .catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 401) leave('Your session is over; sign in again.')
        else setMessage(error instanceof Error ? error.message : 'The server could not be asked; try again.')
      })
      .finally(() => setLooking(false))
  }, [enter, leave])
  const props = useMemo(() => ({ message, signIn: enter }), [message, enter])

  const api = session?.api ?? null
  useEffect(() => {
    if (api === null) return
    if (reach.answers) {
      dispatchEvent(new Event(REACHED))
      return
    }
    const timer = setInterval(() => {
      api.get('/v1/whoami', { limit: 1 }).catch((error: unknown) => {
        if (!(error instanceof ApiError)) throw error // that it failed again is known by `heard`
      })
    }, ASK_MS)
    return () => clearInterval(timer)
  }, [api, reach.answers])

  if (session !== null) {
    const value = { ...session, answers: reach.answers, answeredAt: reach.at, signOut: () => leave(null) }
    return <SessionContext.Provider value={value}>{children}</SessionContext.Provider>
  }
  return looking ? null : <SignIn {...props} />
}

/** Whose token it is; while the server is away, what was known of it in this tab, and since when. */
async function whoIs(token: string): Promise<{ readonly who: WhoAmI; readonly away: number | null }> {
  try {
    return { who: await new Api(token).get<WhoAmI>('/v1/whoami', { limit: 1000 }), away: null }
  } catch (error) {
    const known = sessionStorage.getItem(KEPT) === token && error instanceof ApiError && error.status === 0 ? lastKnown.recall<WhoAmI>(WHO) : null
    if (known === null) throw error
    return { who: known.value, away: known.at }
  }
}
