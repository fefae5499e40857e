import { useState } from 'preact/hooks'
import { collectionPath, entryPath } from '../../api/api.ts'
import type { CollectionInfo } from '../../api/types.ts'
import { useApi, useSession } from '../../state/session.tsx'
import { useLoaded } from '../../state/use-loaded.ts'
import { Button, Skeleton, textOf, When } from '../../ui/bits.tsx'
import { Icon } from '../../ui/icons.tsx'
import { LoadProblem } from '../../ui/load-problem.tsx'
import { ProblemBox } from '../../ui/problem.tsx'

/** A lock as the list of locks tells it; `path` null: on the whole collection. */
interface HeldLock {
  readonly path: string | null
  readonly holder: string
  readonly reason: string | null
  readonly expiresAt: string
}

const TIMES = [
  { seconds: 900, words: '15 minutes' },
  { seconds: 3600, words: '1 hour' },
  { seconds: 86_400, words: '1 day' },
  { seconds: 604_800, words: '7 days' },
] as const

/** The locks over a path (null: the whole collection), and the ways to take, renew and release one. */
export function Locks({ collection, path }: { readonly collection: CollectionInfo; readonly path: string | null }) {
  const api = useApi()
  const { who } = useSession()
  const url = path === null ? `${collectionPath(collection.id)}/lock` : `${collectionPath(collection.id)}/locks/${entryPath(path)}`
  const { value, error, reload } = useLoaded(url, signal => api.get<{ items: readonly HeldLock[] }>(url, undefined, signal))
  const [seconds, setSeconds] = useState('3600')
  const [reason, setReason] = useState('')
  const [refused, setRefused] = useState<unknown>(null)
  const call = (work: Promise<unknown>): void => {
    work.then(() => {
      setRefused(null)
      reload()
    }, setRefused)
  }
  if (value === null) return error === null ? <Skeleton rows={1} /> : <LoadProblem error={error} known={false} retry={reload} />
  const own = value.items.find(lock => lock.path === path)
  const admin = collection.role === 'admin' || collection.role === 'owner'
  const mayRelease = own !== undefined && (own.holder === who.subject || admin)
  const mayTake = collection.role !== 'readonly' && (own === undefined || own.holder === who.subject)
  return (
    <div class="locks">
      {value.items.length === 0 && <p>Not locked.</p>}
      {value.items.map(lock => (
        <p key={lock.path ?? ''} class="note">
          <Icon name="lock" /> {lock.path === null ? 'The whole collection' : lock.path} is locked by {lock.holder}, ends <When at={lock.expiresAt} />
          {lock.reason !== null && `: ${lock.reason}`}
        </p>
      ))}
      {mayTake && (
        <form
          class="inline"
          onSubmit={event => {
            event.preventDefault()
            call(api.send('PUT', url, { json: { ttlSeconds: Number(seconds), ...(reason === '' ? {} : { reason }) } }))
          }}
        >
          <select aria-label="For how long" value={seconds} onChange={event => setSeconds(textOf(event))}>
            {TIMES.map(time => (
              <option key={time.seconds} value={time.seconds}>
                {time.words}
              </option>
            ))}
          </select>
          <input aria-label="Reason" placeholder="Reason (others see it)" maxLength={500} value={reason} onInput={event => setReason(textOf(event))} />
          <Button type="submit" icon="lock">
            {own === undefined ? 'Lock' : 'Renew'}
          </Button>
        </form>
      )}
      {mayRelease && <Button onClick={() => call(api.send('DELETE', url))}>Release</Button>}
      <ProblemBox error={refused} />
    </div>
  )
}
