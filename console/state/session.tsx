import type { ComponentChildren } from 'preact'
import { createContext } from 'preact'
import { useCallback, useContext, useEffect, useMemo, useState } from 'preact/hooks'
import { Api, ApiError } from '../api/api.ts'
import type { Identity } from '../api/types.ts'

/** A signed-in user. */
export interface Session {
  readonly api: Api
  readonly who: Identity
  signOut(): void
}

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
  const [session, setSession] = useState<Session | null>(null)
  const [message, setMessage] = useState<string | null>(null)
  const [looking, setLooking] = useState(() => sessionStorage.getItem(KEPT) !== null)

  const leave = useCallback((why: string | null) => {
    sessionStorage.removeItem(KEPT)
    setSession(null)
    setMessage(why)
  }, [])
  const enter = useCallback(
    async (token: string, keep: boolean) => {
      const who = await new Api(token).get<Identity>('/v1/whoami', { limit: 1000 })
      if (keep) sessionStorage.setItem(KEPT, token)
      const api = new Api(token, () => leave('The server no longer takes this token: it has expired or was revoked.'))
      setMessage(null)
      setSession({ api, who, signOut: () => leave(null) })
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

  if (session !== null) return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>
  return looking ? null : <SignIn {...props} />
}
