import type { DeliveryInfo } from '../../api/types.ts'
import { link } from '../../lib/route.ts'
import { PagesFrame, usePages } from '../../state/use-pages.tsx'
import { When } from '../../ui/bits.tsx'

/** What became of the events of a webhook, newest first. */
export function Deliveries({ webhook }: { readonly webhook: string }) {
  const pages = usePages<DeliveryInfo>(`/v1/webhooks/${webhook}/deliveries`, { limit: 20 })
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
                  {delivery.state}
                  {delivery.nextAttemptAt !== null && (
                    <span class="muted small">
                      {' '}
                      next <When at={delivery.nextAttemptAt} />
                    </span>
                  )}
                </td>
                <td class="wide-only">{delivery.attempts}</td>
                <td class="path-whole">
                  {delivery.status ?? ''} {delivery.error ?? ''}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </PagesFrame>
  )
}
