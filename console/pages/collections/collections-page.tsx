import { useState } from 'preact/hooks'
import type { CollectionInfo, Page } from '../../api/types.ts'
import { link } from '../../lib/route.ts'
import { go, goWith } from '../../state/route.ts'
import { useApi } from '../../state/session.tsx'
import { useShortcuts } from '../../state/shortcuts.ts'
import { useLoaded } from '../../state/use-loaded.ts'
import { Button, Command, Empty, Field, Skeleton, textOf, When } from '../../ui/bits.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Icon } from '../../ui/icons.tsx'
import { LoadProblem } from '../../ui/load-problem.tsx'
import { ProblemBox } from '../../ui/problem.tsx'

const PAGE = 100

/** `#/collections`: those the caller has a grant for. */
export function CollectionsPage({ query }: { readonly query: Readonly<Record<string, string>> }) {
  const api = useApi()
  const prefix = query['q'] ?? ''
  const { value, error, loading, reload, set } = useLoaded(
    prefix,
    signal => api.get<Page<CollectionInfo>>('/v1/collections', { prefix, limit: PAGE }, signal),
    { keep: 'collections' },
  )
  const [making, setMaking] = useState(false)
  const [more, setMore] = useState<unknown>(null)
  const [active, setActive] = useState(-1)
  const found = value?.items ?? []
  const move = (to: number): void => {
    const next = Math.min(Math.max(0, to), found.length - 1)
    setActive(next)
    document.getElementById(`collection-${next}`)?.focus()
  }
  useShortcuts({ j: () => move(active + 1), k: () => move(active - 1) })
  const loadMore = (): void => {
    api.get<Page<CollectionInfo>>('/v1/collections', { prefix, limit: PAGE, cursor: value?.nextCursor ?? undefined }).then(
      next => set(before => ({ items: [...before.items, ...next.items], nextCursor: next.nextCursor })),
      (reason: unknown) => setMore(reason),
    )
  }
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Collections</h1>
          <p class="muted">A collection is a named set of files with its own grants. Here are those you have a role on.</p>
        </div>
        <Button icon="plus" onClick={() => setMaking(true)}>
          New collection
        </Button>
      </div>
      <div class="filters" role="search" aria-label="Collections">
        <div class="search">
          <Icon name="search" />
          <input
            type="search"
            aria-label="Beginning of the id"
            placeholder="Id begins with…"
            value={prefix}
            onInput={event => goWith({ q: textOf(event) }, true)}
          />
        </div>
      </div>
      <LoadProblem error={error} known={value !== null} retry={reload} />
      {value === null && loading && <Skeleton />}
      {value !== null && found.length === 0 && (
        <Empty title={prefix === '' ? 'No collections yet' : 'No collection begins so'}>
          {prefix === '' && (
            <>
              <p>Make one here, or from a shell:</p>
              <Command text="./waybill collection create photos --data ./waybill-data --owner you" />
            </>
          )}
        </Empty>
      )}
      {found.length > 0 && (
        <div class="table-frame">
          <table>
            <thead>
              <tr>
                <th scope="col">Collection</th>
                <th scope="col">Your role</th>
                <th scope="col" class="wide-only">
                  Store
                </th>
                <th scope="col" class="wide-only">
                  Changed
                </th>
              </tr>
            </thead>
            <tbody>
              {found.map((one, index) => (
                <tr key={one.id} onClick={() => go(['collections', one.id])}>
                  <td class="job-name">
                    <a
                      id={`collection-${index}`}
                      href={link(['collections', one.id])}
                      onFocus={() => setActive(index)}
                      onClick={event => event.stopPropagation()}
                    >
                      {one.id}
                    </a>
                    {one.name !== one.id && <span class="muted small">{one.name}</span>}
                  </td>
                  <td>{one.role}</td>
                  <td class="wide-only">{one.store}</td>
                  <td class="wide-only">
                    <When at={one.modifiedAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <ProblemBox error={more} retry={loadMore} />
      {value?.nextCursor != null && <Button onClick={loadMore}>Show more</Button>}
      {making && <NewCollection onClose={() => setMaking(false)} />}
    </>
  )
}

function NewCollection({ onClose }: { readonly onClose: () => void }) {
  const api = useApi()
  const [id, setId] = useState('')
  const [name, setName] = useState('')
  const [store, setStore] = useState('')
  const [error, setError] = useState<unknown>(null)
  const submit = (event: Event): void => {
    event.preventDefault()
    const json = { id: id.trim(), ...(name.trim() === '' ? {} : { name: name.trim() }), ...(store.trim() === '' ? {} : { store: store.trim() }) }
    api.json<CollectionInfo>('POST', '/v1/collections', { json }).then(made => go(['collections', made.id]), setError)
  }
  return (
    <Dialog title="New collection" onClose={onClose}>
      <form class="dialog-body" onSubmit={submit}>
        <Field label="Id" hint="plain-name, host.name or owner/name. In the latter two folders are entries of their own.">
          <input required value={id} autocomplete="off" onInput={event => setId(textOf(event))} />
        </Field>
        <Field label="Name" hint="For people; the id without it.">
          <input value={name} autocomplete="off" onInput={event => setName(textOf(event))} />
        </Field>
        <Field label="Store" hint="Where its bytes lie; the server's first one without it.">
          <input value={store} autocomplete="off" spellcheck={false} onInput={event => setStore(textOf(event))} />
        </Field>
        <ProblemBox error={error} />
        <footer class="dialog-foot">
          <Button onClick={onClose}>Close</Button>
          <Button kind="main" type="submit">
            Make it
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
