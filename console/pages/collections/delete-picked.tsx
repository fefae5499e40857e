import type { JobInfo } from '../../api/types.ts'
import { plural } from '../../lib/format.ts'
import { useApi } from '../../state/session.tsx'
import { Confirm } from '../../ui/dialog.tsx'

interface DeletePickedProps {
  readonly collection: string
  readonly keys: readonly string[]
  readonly onDone: (job: string) => void
  readonly onClose: () => void
}

/** Deletes what is picked, in one job: folders with all that lies in them. Soft, but for many files at once, so the collection is to be named when a folder is among them. */
export function DeletePicked({ collection, keys, onDone, onClose }: DeletePickedProps) {
  const api = useApi()
  const folders = keys.filter(key => key.endsWith('/'))
  const files = keys.filter(key => !key.endsWith('/'))
  const what = [files.length > 0 ? plural(files.length, 'file') : '', folders.length > 0 ? `everything in ${plural(folders.length, 'folder')}` : '']
    .filter(Boolean)
    .join(' and ')
  const submit = async (): Promise<void> => {
    const json = {
      kind: 'delete',
      ...(files.length === 0 ? {} : { items: files.map(path => ({ source: { collection, path } })) }),
      ...(folders.length === 0 ? {} : { select: folders.map(prefix => ({ source: { collection, prefix } })) }),
    }
    onDone((await api.json<JobInfo>('POST', '/v1/jobs', { json })).id)
  }
  return (
    <Confirm title="Delete?" action={`Delete ${what}`} onConfirm={submit} onClose={onClose} {...(folders.length > 0 ? { typed: collection } : {})}>
      <p>
        {what} in <strong>{collection}</strong> will be deleted, as a job.
      </p>
      <p class="muted">Versions are kept: a deleted file can be read by its version, and copied back.</p>
    </Confirm>
  )
}
