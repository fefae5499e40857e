import { useApi, useSession } from '../../state/session.tsx'
import { useLoaded } from '../../state/use-loaded.ts'
import { useNow } from '../../state/use-now.ts'
import { link } from '../../lib/route.ts'
import { Fact, Skeleton } from '../../ui/bits.tsx'
import { Icon } from '../../ui/icons.tsx'
import { ProblemBox } from '../../ui/problem.tsx'
import { ApiCard } from './operations.tsx'
import { QuotasCard } from './quotas.tsx'
import { ServerState } from './server-state.tsx'

const AGAIN_MS = 10_000

/** `#/system`: does the server work, who am I for it, what is it made of, and what does it offer. */
export function SystemPage() {
  const { who } = useSession()
  const round = Math.floor(useNow(AGAIN_MS) / AGAIN_MS)
  return (
    <>
      <div class="page-head">
        <div>
          <h1>System</h1>
          <p class="muted">The server behind this page: {location.origin}</p>
        </div>
      </div>
      <Readiness round={round} />
      {who.scopes.includes('admin') ? (
        <ServerState round={round} />
      ) : (
        <p class="note">
          Nodes, queue, stores, retention and limits are shown to tokens with the scope <strong>admin</strong>; yours has {who.scopes.join(', ')}.
        </p>
      )}
      <You />
      <QuotasCard round={round} />
      <ApiCard />
    </>
  )
}

function Readiness({ round }: { readonly round: number }) {
  const api = useApi()
  const ready = useLoaded(
    'ready',
    async signal => {
      const before = performance.now()
      await api.send('GET', '/readyz', { signal })
      return Math.round(performance.now() - before)
    },
    { round },
  )
  return (
    <section class="card" aria-label="Readiness">
      <h2>Readiness</h2>
      {ready.value !== null && ready.error === null && (
        <p class="tone-good status-line">
          <Icon name="done" /> Ledger and stores answer, in {ready.value} ms.
        </p>
      )}
      {ready.value === null && ready.error === null && <Skeleton rows={1} />}
      <ProblemBox error={ready.error} retry={ready.reload} />
    </section>
  )
}

function You() {
  const { who } = useSession()
  return (
    <section class="card" aria-label="You">
      <h2>You</h2>
      <dl class="facts two">
        <Fact name="Subject">{who.subject}</Fact>
        <Fact name="Scopes">
          <span>
            {who.scopes.join(', ')} · <a href={link(['tokens'])}>your tokens</a>
          </span>
        </Fact>
        <Fact name="Roles">
          {who.roles.length === 0
            ? 'none'
            : who.roles.slice(0, 50).map(({ collection, role }) => (
                <span key={collection} class="role">
                  <a href={link(['collections', collection])}>{collection}</a> {role}
                </span>
              ))}
          {who.roles.length > 50 && <span class="muted">and more</span>}
        </Fact>
      </dl>
    </section>
  )
}
