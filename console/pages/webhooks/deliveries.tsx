import type { DeliveryInfo } from '../../api/types.ts'
import { link } from '../../lib/route.ts'
import { useNow } from '../../state/use-now.ts'
import { PagesFrame, usePages } from '../../state/use-pages.tsx'
import { When } from '../../ui/bits.tsx'
import { StateBadge } from '../../ui/state.tsx'
import { AGAIN_MS } from './again.ts'

const LOOKS = {
  pending: { icon: 'pending', word: 'Pending', tone: 'calm', meaning: 'is to be delivered, or tried again' },
  delivered: { icon: 'done', word: 'Delivered', tone: 'good', meaning: 'the receiver took it' },
  abandoned: { icon: 'failed', word: 'Abandoned', tone: 'bad', meaning: 'was refused for so long that it is not tried any more' },
  withheld: { icon: 'lock', word: 'Withheld', tone: 'away', meaning: 'it is about what this webhook is not told of' },
} as const

/** What became of the events of a webhook, newest first. `disabled`: nothing is tried until it is enabled. */
export function Deliveries({ webhook, disabled }: { readonly webhook: string; readonly disabled: boolean }) {
  const pages = usePages<DeliveryInfo>(`/v1/webhooks/${webhook}/deliveries`, { limit: 20 }, { againMs: AGAIN_MS })
  return (
    <PagesFrame pages={pages} empty={<p class="muted">Nothing was to be delivered lately.</p>}>
      <div class="table-frame plain-rows">
        <table>
          <thead>
            <tr>
              <th scope="col">Event</th>
              <th scope="col">State</th>
              <th scope="col" class="wide-only">
                Tries
              </th>
              <th scope="col">Answer</th>
            </tr>
          </thead>
          <tbody>
            {pages.rows.map(delivery => (
              <tr key={delivery.event}>
                <td>
                  <a href={link(['jobs', delivery.job])}>{delivery.type}</a>
                </td>
                <td>
                  <StateBadge look={LOOKS[delivery.state]} title={LOOKS[delivery.state].meaning} />{' '}
                  {delivery.nextAttemptAt !== null && !disabled && <NextTry at={delivery.nextAttemptAt} />}
                </td>
                <td class="wide-only">{delivery.attempts}</td>
                <td class="answer-cell">
                  {delivery.error ?? delivery.status}
                  {delivery.lastAttemptAt !== null && (
                    <span class="muted small">
                      {' '}
                      <When at={delivery.lastAttemptAt} />
                    </span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </PagesFrame>
  )
}

/** When it is tried next; what is due waits for its turn behind an event that the receiver refuses. */
function NextTry({ at }: { readonly at: string }) {
  const now = useNow(1000)
  return <span class="muted small">{new Date(at).getTime() > now ? <When at={at} /> : 'waits for its turn'}</span>
}
