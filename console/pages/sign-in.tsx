import { useState } from 'preact/hooks'
import type { SignInProps } from '../state/session.tsx'
import { ApiError } from '../api/api.ts'
import { Button, Command, Field, textOf } from '../ui/bits.tsx'
import { ProblemBox } from '../ui/problem.tsx'

/** Takes a token; it goes to this server alone, and is kept no longer than the tab. */
export function SignInPage({ message, signIn }: SignInProps) {
  const [token, setToken] = useState('')
  const [keep, setKeep] = useState(true)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const submit = (event: Event): void => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    signIn(token.trim(), keep).catch((reason: unknown) => {
      setBusy(false)
      setError(reason instanceof ApiError && reason.status === 401 ? new ApiError(401, reason.code, 'The server does not take this token.', reason) : reason)
    })
  }
  return (
    <main class="sign-in">
      <form onSubmit={submit}>
        <img src={new URL('../icon.svg', import.meta.url).href} alt="" width="40" height="40" />
        <h1>Sign in to Waybill</h1>
        <p class="muted">Bulk jobs over files in collections, with the exact state of every item.</p>
        {message !== null && error === null && (
          <p class="note" role="status">
            {message}
          </p>
        )}
        <Field label="Token" hint="It is sent to this server only.">
          <input type="password" required autocomplete="off" autofocus spellcheck={false} value={token} onInput={event => setToken(textOf(event))} />
        </Field>
        <label class="check">
          <input type="checkbox" checked={keep} onChange={event => setKeep(event.currentTarget.checked)} />
          <span>Stay signed in until this tab is closed</span>
        </label>
        <ProblemBox error={error} />
        <Button kind="main" type="submit" disabled={busy || token.trim() === ''}>
          Sign in
        </Button>
        <details>
          <summary>Where do I get a token?</summary>
          <p>Who runs the server makes one:</p>
          <Command text="./waybill token create --data ./waybill-data --subject you --scopes read,write" />
        </details>
      </form>
    </main>
  )
}
