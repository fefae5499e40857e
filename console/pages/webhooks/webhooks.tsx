import { useState } from 'preact/hooks'
import type { WebhookInfo, WebhookTarget } from '../../api/types.ts'
import { exactNumber } from '../../lib/format.ts'
import { useApi } from '../../state/session.tsx'
import { PagesFrame, usePages } from '../../state/use-pages.tsx'
import { Button, Empty, When } from '../../ui/bits.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { ProblemBox } from '../../ui/problem.tsx'
import { SecretDialog } from '../../ui/secret.tsx'
import { StateBadge } from '../../ui/state.tsx'
import { AGAIN_MS } from './again.ts'
import { Deliveries } from './deliveries.tsx'
import { NewWebhook } from './new-webhook.tsx'

const LOOKS = {
  active: { icon: 'done', word: 'Active', tone: 'good' },
  failing: { icon: 'evicted', word: 'Failing', tone: 'warn' },
  disabled: { icon: 'cancelled', word: 'Disabled', tone: 'bad' },
} as const
const MEANINGS = {
  active: 'events are delivered',
  failing: 'the last delivery failed; it is tried again by itself',
  disabled: 'deliveries failed for so long that no more are tried, until it is enabled again',
} as const

/** The webhooks of a collection or of a job: where its events are sent. */
export function Webhooks({ target, writable }: { readonly target: WebhookTarget; readonly writable: boolean }) {
  const api = useApi()
  const pages = usePages<WebhookInfo>('/v1/webhooks', { ...target, limit: 100 }, { keep: 'webhooks', againMs: AGAIN_MS })
  const [secret, setSecret] = useState<string | null>(null)
  const [removing, setRemoving] = useState<WebhookInfo | null>(null)
  const [open, setOpen] = useState<string | null>(null)
  const [error, setError] = useState<unknown>(null)
  const what = 'job' in target ? 'this job' : 'the jobs in this collection'
  const enable = (id: string): void => {
    api.send('POST', `/v1/webhooks/${id}/enable`).then(() => {
      setError(null)
      pages.reload()
    }, setError)
  }
  return (
    <div class="card">
      <p class="muted">A webhook is a URL that the server sends the events of {what} to, each signed with a secret of its own.</p>
      <PagesFrame pages={pages} empty={<Empty title="No webhooks here" />}>
        <ul class="webhooks">
          {pages.rows.map(hook => (
            <li key={hook.id}>
              <div class="head-line">
                <span class="path-whole">
                  <strong>{hook.url}</strong>
                </span>
                <StateBadge look={LOOKS[hook.state]} title={MEANINGS[hook.state]} />
              </div>
              <p class="muted small">
                {hook.events.join(', ')} · made by {hook.createdBy} <When at={hook.createdAt} />
                {hook.lastDeliveryAt !== null && (
                  <>
                    {' '}
                    · last delivery <When at={hook.lastDeliveryAt} />
                    {hook.lastStatus !== null && `, answered ${hook.lastStatus}`}
                  </>
                )}
                {hook.pending > 0 && ` · ${exactNumber(hook.pending)} ${hook.state === 'disabled' ? 'kept until it is enabled' : 'to be delivered'}`}
              </p>
              {hook.state !== 'active' && <p class="small">{hook.lastError ?? MEANINGS[hook.state]}</p>}
              <div class="actions">
                <Button kind="quiet" onClick={() => setOpen(open === hook.id ? null : hook.id)}>
                  {open === hook.id ? 'Hide deliveries' : 'Deliveries'}
                </Button>
                {writable && hook.state !== 'active' && (
                  <Button icon="retry" onClick={() => enable(hook.id)}>
                    {hook.state === 'disabled' ? 'Enable again' : 'Try again now'}
                  </Button>
                )}
                {writable && (
                  <Button kind="quiet" onClick={() => setRemoving(hook)}>
                    Delete
                  </Button>
                )}
              </div>
              {open === hook.id && <Deliveries webhook={hook.id} disabled={hook.state === 'disabled'} />}
            </li>
          ))}
        </ul>
      </PagesFrame>
      <ProblemBox error={error} />
      {writable && (
        <NewWebhook
          target={target}
          onMade={made => {
            setSecret(made)
            pages.reload()
          }}
        />
      )}
      {secret !== null && (
        <SecretDialog title="The webhook's secret" secret={secret} onClose={() => setSecret(null)}>
          <p class="muted">Whoever receives the events checks their signatures with it, by Standard Webhooks, and so knows that they come from this server.</p>
        </SecretDialog>
      )}
      {removing !== null && (
        <Confirm
          title="Delete this webhook?"
          action="Delete the webhook"
          onConfirm={async () => {
            await api.send('DELETE', `/v1/webhooks/${removing.id}`)
            pages.reload()
          }}
          onClose={() => setRemoving(null)}
        >
          <p>
            Nothing more is sent to <span class="path-whole">{removing.url}</span>
            {removing.pending > 0 && `, and ${exactNumber(removing.pending)} events that wait for it are dropped`}.
          </p>
        </Confirm>
      )}
    </div>
  )
}
