import { useState } from 'preact/hooks'
import type { MintedTokenInfo } from '../../../src/client/index.ts'
import { useSession } from '../../state/session.tsx'
import { Button, Field, textOf } from '../../ui/bits.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ProblemBox } from '../../ui/problem.tsx'
import type { Scope } from './scopes.ts'
import { givableScopes, SCOPE_MEANINGS } from './scopes.ts'

const DAY = 86_400
const LIVES = [
  { seconds: DAY, words: '1 day' },
  { seconds: 7 * DAY, words: '7 days' },
  { seconds: 30 * DAY, words: '30 days' },
  { seconds: 90 * DAY, words: '90 days' },
  { seconds: 365 * DAY, words: '1 year' },
] as const

interface NewTokenProps {
  readonly onMade: (token: MintedTokenInfo) => void
  readonly onClose: () => void
}

/** A new token: what it may, for how long, and what it is for. */
export function NewTokenDialog({ onMade, onClose }: NewTokenProps) {
  const { api, who } = useSession()
  const admin = who.scopes.includes('admin')
  const [label, setLabel] = useState('')
  const [subject, setSubject] = useState(who.subject)
  const [scopes, setScopes] = useState<readonly Scope[]>(['read'])
  const [seconds, setSeconds] = useState(String(30 * DAY))
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const givable = givableScopes(who.scopes)
  const chosen = givable.filter(scope => scopes.includes(scope))
  const make = async (): Promise<void> => {
    const json = {
      scopes: chosen,
      ...(admin && subject.trim() !== who.subject ? { subject: subject.trim() } : {}),
      ...(seconds === '' ? {} : { expiresInSeconds: Number(seconds) }),
      ...(label.trim() === '' ? {} : { label: label.trim() }),
    }
    onMade(await api.json<MintedTokenInfo>('POST', '/v1/tokens', { json }))
  }
  return (
    <Dialog title="New token" onClose={onClose}>
      <form
        class="dialog-body"
        onSubmit={event => {
          event.preventDefault()
          setBusy(true)
          make()
            .catch(setError)
            .finally(() => setBusy(false))
        }}
      >
        <Field label="Label" hint="What it is for, so that you know it again.">
          <input value={label} maxLength={200} autocomplete="off" onInput={event => setLabel(textOf(event))} />
        </Field>
        {admin && (
          <Field label="Subject" hint="Who is signed in with it. It sees and does what that subject has been granted.">
            <input required value={subject} maxLength={200} autocomplete="off" onInput={event => setSubject(textOf(event))} />
          </Field>
        )}
        <fieldset class="choices">
          <legend>Scopes</legend>
          {givable.map(scope => (
            <label key={scope} class="check">
              <input
                type="checkbox"
                checked={scopes.includes(scope)}
                onChange={event => setScopes(event.currentTarget.checked ? [...scopes, scope] : scopes.filter(each => each !== scope))}
              />
              <span>
                {scope} <span class="muted small">{SCOPE_MEANINGS[scope]}</span>
              </span>
            </label>
          ))}
          {!admin && <span class="hint">No others: a token gives at most what it has itself.</span>}
        </fieldset>
        <Field label="It ends after" hint={admin ? 'It can be revoked at any time.' : 'Not later than your own token; it can be revoked at any time.'}>
          <select value={seconds} onChange={event => setSeconds(textOf(event))}>
            {LIVES.map(life => (
              <option key={life.seconds} value={life.seconds}>
                {life.words}
              </option>
            ))}
            <option value="">{admin ? 'never' : 'as long as mine'}</option>
          </select>
        </Field>
        <ProblemBox error={error} />
        <footer class="dialog-foot">
          <Button onClick={onClose}>Close</Button>
          <Button kind="main" type="submit" disabled={busy || chosen.length === 0}>
            Make the token
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
