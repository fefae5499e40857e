import { collectionPath } from '../../api/api.ts'
import type { CollectionInfo } from '../../api/types.ts'
import { link } from '../../lib/route.ts'
import { mayWrite, useSession } from '../../state/session.tsx'
import { useLoaded } from '../../state/use-loaded.ts'
import { Skeleton } from '../../ui/bits.tsx'
import { Icon } from '../../ui/icons.tsx'
import { LoadProblem } from '../../ui/load-problem.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { Webhooks } from '../webhooks/webhooks.tsx'
import { About } from './about.tsx'
import { Audit } from './audit.tsx'
import { Browser } from './browser.tsx'
import { Grants } from './grants.tsx'

const TABS = [
  { key: '', name: 'Files' },
  { key: 'access', name: 'Access' },
  { key: 'about', name: 'About' },
] as const
/** For admins of the collection. */
const ADMIN_TABS = [
  { key: 'webhooks', name: 'Webhooks' },
  { key: 'audit', name: 'Audit' },
] as const

/** `#/collections/{id}`: its files, who may do what, its lock. */
export function CollectionPage({ id, query }: { readonly id: string; readonly query: Readonly<Record<string, string>> }) {
  const { api, who } = useSession()
  const {
    value: collection,
    error,
    loading,
    reload,
  } = useLoaded(id, signal => api.get<CollectionInfo>(collectionPath(id), undefined, signal), { keep: 'collection' })
  const tab = query['tab'] ?? ''
  const admin = collection?.role === 'admin' || collection?.role === 'owner'
  return (
    <>
      <nav class="crumbs" aria-label="Where you are">
        <a href={link(['collections'])}>Collections</a>
        <Icon name="right" />
        <a href={link(['collections', id])}>{id}</a>
        {folders(query['prefix'] ?? '').map(({ name, prefix }) => (
          <span key={prefix} class="crumb">
            <Icon name="right" />
            <a href={link(['collections', id], { prefix })}>{name}</a>
          </span>
        ))}
      </nav>
      <LoadProblem error={error} known={collection !== null} retry={reload} />
      {collection === null && loading && <Skeleton />}
      {collection !== null && (
        <>
          <div class="page-head">
            <div class="job-head">
              <h1>{collection.name}</h1>
              <span class="badge tone-calm" title="Your role on this collection">
                {collection.role}
              </span>
            </div>
          </div>
          <Tabs label="Parts of the collection" panel="collection-part" tabs={admin ? [...TABS, ...ADMIN_TABS] : TABS} tab={tab} opens="entry">
            {tab === '' && <Browser collection={collection} prefix={query['prefix'] ?? ''} name={query['name'] ?? ''} entry={query['entry'] ?? null} />}
            {tab === 'access' && <Grants collection={collection} />}
            {admin && tab === 'webhooks' && <Webhooks target={{ collection: collection.id }} writable={mayWrite(who.scopes)} />}
            {admin && tab === 'audit' && <Audit collection={collection} query={query} />}
            {tab === 'about' && <About collection={collection} onChanged={reload} />}
          </Tabs>
        </>
      )}
    </>
  )
}

/** The folders that a prefix goes through. */
function folders(prefix: string): { name: string; prefix: string }[] {
  const names = prefix.split('/').filter(Boolean)
  return names.map((name, index) => ({ name, prefix: `${names.slice(0, index + 1).join('/')}/` }))
}
