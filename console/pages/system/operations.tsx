import { useApi } from '../../state/session.tsx'
import { useLoaded } from '../../state/use-loaded.ts'
import { Skeleton } from '../../ui/bits.tsx'
import { LoadProblem } from '../../ui/load-problem.tsx'

interface Operation {
  readonly summary?: string
  readonly tags?: readonly string[]
}

interface Description {
  readonly info: { readonly version: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const

/** Every operation of the API, as the server describes them. */
export function ApiCard() {
  const api = useApi()
  const described = useLoaded('openapi', signal => api.get<Description>('/openapi.json', undefined, signal))
  return (
    <section class="card" aria-label="API">
      <h2>What the API offers</h2>
      <p class="muted">
        With schemas and examples at <a href="/docs">/docs</a>, as OpenAPI at <a href="/openapi.json">/openapi.json</a>
        {described.value !== null && `, version ${described.value.info.version}`}.
      </p>
      <LoadProblem error={described.error} known={described.value !== null} retry={described.reload} />
      {described.value === null && described.loading && <Skeleton />}
      {described.value !== null && <Operations description={described.value} />}
    </section>
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
