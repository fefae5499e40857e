import { useApi, useSession } from '../state/session.tsx'
import { useLoaded } from '../state/use-loaded.ts'
import { useNow } from '../state/use-now.ts'
import { link } from '../lib/route.ts'
import { Fact, Skeleton } from '../ui/bits.tsx'
import { Icon } from '../ui/icons.tsx'
import { ProblemBox } from '../ui/problem.tsx'

interface Operation {
  readonly summary?: string
  readonly tags?: readonly string[]
}

interface Description {
  readonly info: { readonly version: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const
const AGAIN_MS = 10_000

/** `#/system`: does the server work, who am I for it, and what does it offer. */
export function SystemPage() {
  const api = useApi()
  const { who } = useSession()
  const round = Math.floor(useNow(AGAIN_MS) / AGAIN_MS)
  const ready = useLoaded(`ready ${round}`, async signal => {
    const before = performance.now()
    await api.send('GET', '/readyz', { signal })
    return Math.round(performance.now() - before)
  })
  const described = useLoaded('openapi', signal => api.get<Description>('/openapi.json', undefined, signal))
  return (
    <>
      <div class="page-head">
        <div>
          <h1>System</h1>
          <p class="muted">The server behind this page: {location.origin}</p>
        </div>
      </div>
      <section class="card" aria-label="Readiness">
        <h2>Readiness</h2>
        {ready.value !== null && (
          <p class="tone-good status-line">
            <Icon name="done" /> Ledger and stores answer, in {ready.value} ms.
          </p>
        )}
        {ready.value === null && ready.error === null && <Skeleton rows={1} />}
        <ProblemBox error={ready.error} retry={ready.reload} />
      </section>
      <section class="card" aria-label="You">
        <h2>You</h2>
        <dl class="facts two">
          <Fact name="Subject">{who.subject}</Fact>
          <Fact name="Scopes">{who.scopes.join(', ')}</Fact>
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
      <section class="card" aria-label="API">
        <h2>What the API offers</h2>
        <p class="muted">
          With schemas and examples at <a href="/docs">/docs</a>, as OpenAPI at <a href="/openapi.json">/openapi.json</a>
          {described.value !== null && `, version ${described.value.info.version}`}.
        </p>
        <ProblemBox error={described.error} retry={described.reload} />
        {described.value === null && described.loading && <Skeleton />}
        {described.value !== null && <Operations description={described.value} />}
      </section>
    </>
  )
}

function Operations({ description }: { readonly description: Description }) {
  const all = Object.entries(description.paths).flatMap(([path, methods]) =>
    METHODS.flatMap(method => (methods[method] === undefined ? [] : [{ path, method, ...methods[method] }])),
  )
  const tags = [...new Set(all.map(one => one.tags?.[0] ?? 'other'))]
  return (
    <>
      {tags.map(tag => (
        <div key={tag}>
          <h3>{tag}</h3>
          <ul class="operations">
            {all
              .filter(one => (one.tags?.[0] ?? 'other') === tag)
              .map(({ path, method, summary }) => (
                <li key={method + path}>
                  <code class="operation">
                    {method.toUpperCase()} {path}
                  </code>
                  <span class="muted">{summary}</span>
                </li>
              ))}
          </ul>
        </div>
      ))}
    </>
  )
}
