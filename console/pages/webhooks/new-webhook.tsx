import { useState } from 'preact/hooks'
import type { CreatedWebhook, HookEvent, WebhookTarget } from '../../api/types.ts'
import { useApi } from '../../state/session.tsx'
import { Button, Field, textOf } from '../../ui/bits.tsx'
import { ProblemBox } from '../../ui/problem.tsx'

/** Those that are sent, with what each means. */
const EVENTS = [
  { type: 'job.submitted', words: 'a job was submitted' },
  { type: 'job.resolved', words: 'all its items are found' },
  { type: 'item.failed', words: 'an item failed' },
  { type: 'item.evicted', words: 'a condition of an item did not hold' },
  { type: 'job.finished', words: 'a job is finished' },
] as const satisfies readonly { type: HookEvent; words: string }[]

/** Where to send events, and which. */
export function NewWebhook({ target, onMade }: { readonly target: WebhookTarget; readonly onMade: (secret: string) => void }) {
  const api = useApi()
  const [url, setUrl] = useState('')
  const [events, setEvents] = useState<readonly HookEvent[]>(['job.finished'])
  const [error, setError] = useState<unknown>(null)
  const make = async (): Promise<void> => {
    const json = { ...target, url: url.trim(), events }
    const { secret } = await api.json<CreatedWebhook>('POST', '/v1/webhooks', { json })
    setUrl('')
    setError(null)
    onMade(secret)
  }
  return (
    <details>
      <summary>New webhook</summary>
      <form
        class="fields-form"
        onSubmit={event => {
          event.preventDefault()
          make().catch(setError)
        }}
      >
        <Field label="URL" hint="The server sends each event there by POST, and tries again when it is not taken.">
          <input type="url" required autocomplete="off" spellcheck={false} placeholder="https://" value={url} onInput={event => setUrl(textOf(event))} />
        </Field>
        <fieldset class="choices">
          <legend>Events</legend>
          {EVENTS.map(({ type, words }) => (
            <label key={type} class="check">
              <input
                type="checkbox"
                checked={events.includes(type)}
                onChange={event => setEvents(event.currentTarget.checked ? [...events, type] : events.filter(each => each !== type))}
              />
              <span>
                {type} <span class="muted small">{words}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <ProblemBox error={error} />
        <Button type="submit" disabled={events.length === 0}>
          Make the webhook
        </Button>
      </form>
    </details>
  )
}
