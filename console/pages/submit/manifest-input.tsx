import { useState } from 'preact/hooks'
import { size } from '../../lib/format.ts'
import { Icon } from '../../ui/icons.tsx'

/** A manifest: chosen, or dropped. */
export function ManifestInput({ file, onFile }: { readonly file: File | null; readonly onFile: (file: File) => void }) {
  const [over, setOver] = useState(false)
  const take = (files: FileList | null | undefined): void => {
    const first = files?.[0]
    if (first !== undefined) onFile(first)
  }
  return (
    <label
      class={`manifest-drop ${over ? 'over' : ''}`}
      onDragOver={event => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={event => {
        event.preventDefault()
        event.stopPropagation()
        setOver(false)
        take(event.dataTransfer?.files)
      }}
    >
      <Icon name="upload" />
      <span>{file === null ? 'Drop a CSV or NDJSON manifest here, or choose one' : `${file.name}, ${size(file.size)}`}</span>
      <input type="file" class="unseen" accept=".csv,.ndjson,.jsonl,text/csv,application/x-ndjson" onChange={event => take(event.currentTarget.files)} />
      <span class="hint">
        CSV has the columns <code>sourceCollection</code>, <code>sourcePath</code>, <code>destinationCollection</code>, <code>destinationPath</code>.
      </span>
    </label>
  )
}
