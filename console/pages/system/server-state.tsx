import type { ComponentChildren } from 'preact'
import type { SystemInfo } from '../../../src/client/index.ts'
import { duration, exactNumber, plural, size } from '../../lib/format.ts'
import { link } from '../../lib/route.ts'
import { useApi } from '../../state/session.tsx'
import { useLoaded } from '../../state/use-loaded.ts'
import { Fact, Figure, Skeleton, When } from '../../ui/bits.tsx'
import { LoadProblem } from '../../ui/load-problem.tsx'
import { StateBadge } from '../../ui/state.tsx'

/** A node tells that it lives every few seconds: one that was silent for so long is not well. */
const SILENT_MS = 60_000

const LEDGERS = { sqlite: 'SQLite, in the data directory of one server', postgres: 'PostgreSQL, shared by the nodes' } as const

const DIALECTS: Readonly<Record<string, string>> = {
  v1: 'Jobs of the native API',
  apollo: 'Jobs of the Apollo routes',
  sevenbridges: 'Jobs of the Seven Bridges routes',
  cmwell: 'Jobs of the CM-Well routes',
  audit: 'The audit',
}

const LIMITS: Readonly<Record<string, string>> = {
  jsonItems: 'Items of a job in JSON',
  submitBodyBytes: 'A job in JSON',
  jsonBodyBytes: 'Any other JSON',
  uploadBytes: 'An upload',
  manifestLineBytes: 'A line of a manifest',
  requestsPerMinute: 'Requests a minute of a token',
  sevenbridgesRequests: 'Requests of a Seven Bridges window',
}

/** What the server is made of and how it fares. For operators. */
export function ServerState({ round }: { readonly round: number }) {
  const api = useApi()
  const { value, error, loading, reload } = useLoaded('system', signal => api.get<SystemInfo>('/v1/system', undefined, signal), { keep: 'system', round })
  if (value === null) return loading ? <Skeleton rows={4} /> : <LoadProblem error={error} known={false} retry={reload} />
  const { queue } = value
  return (
    <>
      <LoadProblem error={error} known retry={reload} />
      <Card name="Queue">
        <div class="figures">
          <Figure name="Waiting jobs" value={`${exactNumber(queue.waitingJobs)}${queue.exact ? '' : '+'}`}>
            {queue.oldestWaitingSeconds === null ? 'nothing waits for its first turn' : `the oldest for ${duration(queue.oldestWaitingSeconds * 1000)}`}
          </Figure>
          <Figure name="Running jobs" value={`${exactNumber(queue.runningJobs)}${queue.exact ? '' : '+'}`}>
            <a href={link(['jobs'], { state: 'running' })}>those you may see</a>
          </Figure>
        </div>
      </Card>
      <Stores stores={value.stores} />
      <Nodes system={value} />
      <Card name="Retention">
        <p class="muted">How long after its end a job is known, by the way that it was submitted; afterwards its id is answered 410.</p>
        <dl class="facts two long-names">
          {Object.entries(value.retention).map(([dialect, ms]) => (
            <Fact key={dialect} name={DIALECTS[dialect] ?? dialect}>
              {ms === null ? 'none is kept' : ms === 0 ? 'not kept' : duration(ms)}
            </Fact>
          ))}
        </dl>
      </Card>
      <Card name="Limits">
        <dl class="facts two long-names">
          {Object.entries(value.limits).map(([name, most]) => (
            <Fact key={name} name={LIMITS[name] ?? name}>
              {name.endsWith('Bytes') ? <span title={`${exactNumber(most)} bytes`}>{size(most)}</span> : exactNumber(most)}
            </Fact>
          ))}
        </dl>
      </Card>
    </>
  )
}

function Stores({ stores }: Pick<SystemInfo, 'stores'>) {
  return (
    <Card name="Stores">
      <ul class="parts">
        {stores.map(store => (
          <li key={store.name}>
            <StateBadge look={store.healthy ? { icon: 'done', word: 'Answers', tone: 'good' } : { icon: 'failed', word: 'Away', tone: 'bad' }} />
            <strong>{store.name}</strong>
            <span class="muted">{store.kind}</span>
            {store.error !== null && <span class="path-whole">{store.error}</span>}
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Nodes({ system }: { readonly system: SystemInfo }) {
  const { nodes, ledger } = system
  const newest = Math.max(...nodes.map(node => new Date(node.lastSeenAt).getTime()))
  return (
    <Card name={nodes.length === 1 ? 'Node' : plural(nodes.length, 'node')}>
      <p class="muted">
        Version {system.version}; the ledger is {LEDGERS[ledger.kind]}, schema {ledger.schema}.
      </p>
      <ul class="parts">
        {nodes.map(node => {
          // by the clock of the database, not ours
          const silent = newest - new Date(node.lastSeenAt).getTime() > SILENT_MS
          return (
            <li key={node.id}>
              <StateBadge look={silent ? { icon: 'offline', word: 'Silent', tone: 'warn' } : { icon: 'done', word: 'Lives', tone: 'good' }} />
              <strong>{node.host}</strong>
              <span class="muted">
                process {node.pid}, version {node.version}, started <When at={node.startedAt} />, last seen <When at={node.lastSeenAt} />
              </span>
              {node.self && <span class="badge tone-calm">This one answered</span>}
            </li>
          )
        })}
      </ul>
    </Card>
  )
}

function Card({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <section class="card" aria-label={name}>
      <h2>{name}</h2>
      {children}
    </section>
  )
}
