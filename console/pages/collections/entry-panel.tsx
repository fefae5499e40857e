import { useState } from 'preact/hooks'
import { ApiError, collectionPath, entryPath } from '../../api/api.ts'
import { download } from '../../api/transfer.ts'
import type { CollectionInfo, EntryInfo, Page } from '../../api/types.ts'
import { useApi } from '../../state/session.tsx'
import { useLoaded } from '../../state/use-loaded.ts'
import { Button, Fact, IconButton, Size, Skeleton, When } from '../../ui/bits.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { ENTRY_LOOKS } from '../../ui/entry-kind.ts'
import { Icon } from '../../ui/icons.tsx'
import { LoadProblem } from '../../ui/load-problem.tsx'
import { ProblemBox } from '../../ui/problem.tsx'
import { FieldsForm } from './fields-form.tsx'
import { Locks } from './locks.tsx'

interface EntryPanelProps {
  readonly collection: CollectionInfo
  readonly path: string
  /** True where it is asked for as the folder that is looked into. */
  readonly isFolder: boolean
  readonly onChanged: () => void
  readonly onClose: () => void
}

/** One entry: what it is, its versions, its lock. */
export function EntryPanel({ collection, path, isFolder, onChanged, onClose }: EntryPanelProps) {
  const api = useApi()
  const base = collectionPath(collection.id)
  const versions = useLoaded(`${collection.id} ${path}`, signal => api.get<Page<EntryInfo>>(`${base}/versions/${entryPath(path)}`, { limit: 100 }, signal))
  const [error, setError] = useState<unknown>(null)
  const [deleting, setDeleting] = useState(false)
  const newest = versions.value?.items[0]
  const noEntry = versions.error instanceof ApiError && versions.error.code === 'entry_not_found' && isFolder
  const name = path.slice(path.lastIndexOf('/') + 1)
  const save = (version?: number): void => {
    download(api, `${base}/entries/${entryPath(path)}`, name, version === undefined ? {} : { version: String(version) }).then(() => setError(null), setError)
  }
  const remove = async (): Promise<void> => {
    await api.send('DELETE', `${base}/entries/${entryPath(path)}`)
    onChanged()
    onClose()
  }
  const writable = collection.role !== 'readonly'
  const look = ENTRY_LOOKS[newest?.kind ?? 'file']
  return (
    <aside class="panel" aria-label={`${newest === undefined ? 'Entry' : look.word} ${path}`}>
      <header class="dialog-head">
        <h2 class="path-whole">{name}</h2>
        <IconButton icon="close" label="Close (Esc)" onClick={onClose} />
      </header>
      {noEntry ? (
        <p>This folder is the beginning of the paths in it and no entry of its own: it has no versions, and no fields.</p>
      ) : (
        <LoadProblem error={versions.error} known={versions.value !== null} retry={versions.reload} />
      )}
      <ProblemBox error={error} />
      {versions.value === null && versions.loading && <Skeleton rows={4} />}
      {newest !== undefined && (
        <>
          <div class="actions">
            {newest.deleted === undefined && newest.kind === 'file' && (
              <Button kind="main" icon="download" onClick={() => save()}>
                Download
              </Button>
            )}
            {writable && newest.deleted === undefined && (
              <Button kind="danger" onClick={() => setDeleting(true)}>
                Delete
              </Button>
            )}
          </div>
          <EntryFacts entry={newest} />
          {writable && newest.deleted === undefined && (
            <FieldsForm
              key={newest.revision}
              entry={newest}
              onChanged={() => {
                versions.reload()
                onChanged()
              }}
            />
          )}
          <h3>Versions</h3>
          <ol class="versions">
            {versions.value?.items.map(one => (
              <li key={one.version}>
                <span>
                  {one.version}
                  {one.deleted === true && ' (deleted)'}
                </span>
                <span class="muted small">
                  {one.kind === 'file' && (
                    <>
                      <Size bytes={one.size} />,{' '}
                    </>
                  )}
                  <When at={one.modifiedAt} /> by {one.modifiedBy}
                </span>
                {one.deleted === undefined && one.kind === 'file' && (
                  <IconButton icon="download" label={`Download version ${one.version}`} onClick={() => save(one.version)} />
                )}
              </li>
            ))}
          </ol>
          {versions.value?.nextCursor != null && <p class="hint">The newest 100 versions.</p>}
          <h3>Lock</h3>
          <Locks collection={collection} path={path} />
        </>
      )}
      {deleting && (
        <Confirm title={`Delete ${name}?`} action={`Delete this ${look.word.toLowerCase()}`} onConfirm={remove} onClose={() => setDeleting(false)}>
          <p>
            <span class="path-whole">
              {collection.id}:{path}
            </span>{' '}
            disappears from its folder. Its versions are kept and can be read.
            {newest?.kind === 'folder' && ' A folder that still holds something is not deleted.'}
          </p>
        </Confirm>
      )}
    </aside>
  )
}

function EntryFacts({ entry }: { readonly entry: EntryInfo }) {
  const fields = Object.keys(entry.fields).length
  const look = ENTRY_LOOKS[entry.kind]
  return (
    <dl class="facts">
      <Fact name="Path">
        <span class="path-whole">{entry.path}</span>
      </Fact>
      <Fact name="Kind">
        <span>
          <Icon name={look.icon} /> {look.word}, <span class="muted">{look.meaning}</span>
        </span>
      </Fact>
      {entry.kind === 'file' && (
        <>
          <Fact name="Size">
            <Size bytes={entry.size} />
          </Fact>
          <Fact name="Type">{entry.mediaType}</Fact>
        </>
      )}
      <Fact name="Changed">
        <span>
          <When at={entry.modifiedAt} /> by {entry.modifiedBy}
        </span>
      </Fact>
      <Fact name="Entity">
        <span class="code">{entry.entityId}</span>
      </Fact>
      <Fact name="Revision">
        <span class="code">{entry.revision}</span>
      </Fact>
      {entry.digest !== null && (
        <Fact name="SHA-256">
          <span class="code">{entry.digest}</span>
        </Fact>
      )}
      {fields > 0 && (
        <Fact name="Fields">
          <pre>{JSON.stringify(entry.fields, null, 2)}</pre>
        </Fact>
      )}
    </dl>
  )
}
