import { useEffect, useState } from 'preact/hooks'
import { collectionPath } from '../../api/api.ts'
import type { CollectionInfo, EntryInfo, EntryPage } from '../../api/types.ts'
import { exactNumber } from '../../lib/format.ts'
import { link } from '../../lib/route.ts'
import { go, goWith } from '../../state/route.ts'
import { picks } from '../../state/picks.ts'
import { useApi } from '../../state/session.tsx'
import { useShortcuts } from '../../state/shortcuts.ts'
import { useLoaded } from '../../state/use-loaded.ts'
import { Button, Empty, Size, Skeleton, textOf, When } from '../../ui/bits.tsx'
import { ENTRY_LOOKS } from '../../ui/entry-kind.ts'
import { Icon } from '../../ui/icons.tsx'
import { LoadProblem } from '../../ui/load-problem.tsx'
import { ProblemBox } from '../../ui/problem.tsx'
import { DeletePicked } from './delete-picked.tsx'
import { EntryPanel } from './entry-panel.tsx'
import { DropZone, UploadList, useUploads } from './uploads.tsx'

const PAGE = 200

/** One line of a folder: a folder in it, or a file. */
type Line = { readonly key: string; readonly name: string; readonly entry: EntryInfo | null }

interface BrowserProps {
  readonly collection: CollectionInfo
  readonly prefix: string
  /** What the names in the folder begin with; of a long folder this is the way to any place. */
  readonly name: string
  readonly entry: string | null
}

/** What lies in one folder of a collection. */
export function Browser({ collection, prefix, name, entry }: BrowserProps) {
  const api = useApi()
  const url = `${collectionPath(collection.id)}/entries`
  const parameters = { prefix: prefix + name, delimiter: '/', limit: PAGE }
  const { value, error, loading, reload, set } = useLoaded(`${collection.id} ${prefix} ${name}`, signal => api.get<EntryPage>(url, parameters, signal), {
    keep: 'entries',
  })
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const [deleting, setDeleting] = useState(false)
  const [more, setMore] = useState<unknown>(null)
  const [active, setActive] = useState(-1)
  const uploads = useUploads(collection.id, prefix, reload)
  useEffect(() => {
    setPicked(new Set())
    setActive(-1)
  }, [prefix, name])
  const writable = collection.role !== 'readonly'
  const lines = value === null ? [] : linesOf(value, prefix)
  const move = (to: number): void => {
    const next = Math.min(Math.max(0, to), lines.length - 1)
    setActive(next)
    document.getElementById(`entry-${next}`)?.focus()
  }
  const pick = (keys: readonly string[], on: boolean): void => {
    const next = new Set(picked)
    for (const key of keys)
      if (on) next.add(key)
      else next.delete(key)
    setPicked(next)
  }
  useShortcuts({ j: () => move(active + 1), k: () => move(active - 1), Escape: () => goWith({ entry: undefined }) })
  const submit = (kind: string): void => {
    picks.set({ collection: collection.id, keys: [...picked] })
    goWith({ new: kind, source: collection.id, prefix })
  }
  const loadMore = (): void => {
    api.get<EntryPage>(url, { ...parameters, cursor: value?.nextCursor ?? undefined }).then(
      next =>
        set(before => ({ ...next, items: [...before.items, ...next.items], prefixes: [...new Set([...(before.prefixes ?? []), ...(next.prefixes ?? [])])] })),
      (reason: unknown) => setMore(reason),
    )
  }
  return (
    <DropZone disabled={!writable} onDrop={uploads.add}>
      <div class="toolbar" role="toolbar" aria-label="Files">
        {picked.size === 0 ? (
          <>
            {writable && (
              <label class="button plain file-button">
                <Icon name="upload" />
                <span>Upload</span>
                <input type="file" multiple onChange={event => uploads.addFiles(event.currentTarget)} />
              </label>
            )}
            <Button icon="copy" onClick={() => submit('copy')}>
              Copy {prefix === '' ? 'all of it' : 'this folder'}
            </Button>
            {prefix !== '' && (
              <Button kind="quiet" onClick={() => goWith({ entry: prefix.slice(0, -1) })}>
                About this folder
              </Button>
            )}
            {writable && <span class="hint wide-only">or drop files and folders here</span>}
            <NameFilter name={name} />
          </>
        ) : (
          <>
            <strong>{picked.size} picked</strong>
            <Button kind="main" icon="copy" onClick={() => submit('copy')}>
              Copy
            </Button>
            {writable && <Button onClick={() => submit('move')}>Move</Button>}
            {writable && (
              <Button kind="danger" onClick={() => setDeleting(true)}>
                Delete
              </Button>
            )}
            <Button kind="quiet" onClick={() => setPicked(new Set())}>
              Pick none
            </Button>
          </>
        )}
      </div>
      <UploadList uploads={uploads} />
      <LoadProblem error={error} known={value !== null} retry={reload} />
      {value === null && loading && <Skeleton />}
      {value !== null && lines.length === 0 && (
        <Empty title={name !== '' ? `No name here begins with “${name}”` : prefix === '' ? 'Nothing in this collection yet' : 'Nothing in this folder'}>
          {name !== '' && <Button onClick={() => goWith({ name: undefined })}>Show all names</Button>}
          {name === '' && writable && <p>Drop files here, or press Upload.</p>}
        </Empty>
      )}
      <div class={`items ${entry === null ? '' : 'with-panel'}`}>
        {lines.length > 0 && (
          <div class="table-frame">
            <table class="entries">
              <thead>
                <tr>
                  <th scope="col" class="tick">
                    <input
                      type="checkbox"
                      aria-label="Pick all"
                      checked={picked.size > 0 && lines.every(line => picked.has(line.key))}
                      onChange={event =>
                        pick(
                          lines.map(line => line.key),
                          event.currentTarget.checked,
                        )
                      }
                    />
                  </th>
                  <th scope="col">Name</th>
                  <th scope="col" class="number">
                    Size
                  </th>
                  <th scope="col" class="number wide-only">
                    Version
                  </th>
                  <th scope="col" class="wide-only">
                    Changed
                  </th>
                </tr>
              </thead>
              <tbody>
                {lines.map((line, index) => (
                  <EntryRow
                    key={line.key}
                    line={line}
                    index={index}
                    href={
                      line.entry === null
                        ? link(['collections', collection.id], { prefix: line.key })
                        : link(['collections', collection.id], { prefix, name, entry: line.key })
                    }
                    open={line.key === entry}
                    picked={picked.has(line.key)}
                    onPick={on => pick([line.key], on)}
                    onFocus={() => setActive(index)}
                  />
                ))}
              </tbody>
            </table>
          </div>
        )}
        {entry !== null && (
          <EntryPanel
            key={entry}
            collection={collection}
            path={entry}
            isFolder={`${entry}/` === prefix}
            onChanged={reload}
            onClose={() => goWith({ entry: undefined })}
          />
        )}
      </div>
      <ProblemBox error={more} retry={loadMore} />
      {value?.nextCursor != null && (
        <div class="more">
          <Button onClick={loadMore}>Show more</Button>
          <span class="hint">The first {exactNumber(lines.length)} are shown. To get further down at once, say above what the name begins with.</span>
        </div>
      )}
      {deleting && <DeletePicked collection={collection.id} keys={[...picked]} onClose={() => setDeleting(false)} onDone={id => go(['jobs', id])} />}
    </DropZone>
  )
}

interface EntryRowProps {
  readonly line: Line
  readonly index: number
  readonly href: string
  readonly open: boolean
  readonly picked: boolean
  readonly onPick: (on: boolean) => void
  readonly onFocus: () => void
}

function EntryRow({ line, index, href, open, picked, onPick, onFocus }: EntryRowProps) {
  const { entry } = line
  const look = ENTRY_LOOKS[entry?.kind ?? 'folder']
  return (
    <tr class={open ? 'active' : ''} onClick={() => (location.hash = href)}>
      <td class="tick" onClick={event => event.stopPropagation()}>
        <input type="checkbox" aria-label={`Pick ${line.name}`} checked={picked} onChange={event => onPick(event.currentTarget.checked)} />
      </td>
      <td class="entry-name">
        <Icon name={look.icon} />
        <a id={`entry-${index}`} href={href} title={line.key} onFocus={onFocus} onClick={event => event.stopPropagation()}>
          {line.name}
        </a>
        {entry !== null && entry.kind !== 'file' && (
          <span class="muted small kind" title={look.meaning}>
            {look.word}
          </span>
        )}
      </td>
      <td class="number">{entry?.kind === 'file' && <Size bytes={entry.size} />}</td>
      <td class="number wide-only">{entry?.version}</td>
      <td class="wide-only nowrap">{entry !== null && <When at={entry.modifiedAt} />}</td>
    </tr>
  )
}

/** Narrows a folder to the names that begin so. */
function NameFilter({ name }: { readonly name: string }) {
  const [words, setWords] = useState(name)
  useEffect(() => setWords(name), [name])
  return (
    <form
      class="search"
      role="search"
      aria-label="Names in this folder"
      onSubmit={event => {
        event.preventDefault()
        goWith({ name: words, entry: undefined })
      }}
    >
      <Icon name="search" />
      <input type="search" aria-label="Beginning of the name" placeholder="Name begins with…" value={words} onInput={event => setWords(textOf(event))} />
    </form>
  )
}

/** Folders first. In a collection whose folders are entries, too, each is listed once. */
function linesOf({ items, prefixes = [] }: EntryPage, prefix: string): Line[] {
  const folders = new Set(prefixes)
  for (const { kind, path } of items) if (kind === 'folder') folders.add(`${path}/`)
  return [
    ...[...folders].sort().map(key => ({ key, name: key.slice(prefix.length), entry: null })),
    ...items.filter(({ kind }) => kind !== 'folder').map(entry => ({ key: entry.path, name: entry.path.slice(prefix.length), entry })),
  ]
}
