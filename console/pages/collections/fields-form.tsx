import { useState } from 'preact/hooks'
import { collectionPath, entryPath } from '../../api/api.ts'
import type { EntryInfo } from '../../api/types.ts'
import { membersOf, mergePatch } from '../../lib/merge-patch.ts'
import { useApi } from '../../state/session.tsx'
import { Button, Field, textOf } from '../../ui/bits.tsx'
import { ProblemBox } from '../../ui/problem.tsx'

/** Changes the media type of a file and the fields of any entry: a new version over the same bytes, unless somebody else was quicker. */
export function FieldsForm({ entry, onChanged }: { readonly entry: EntryInfo; readonly onChanged: () => void }) {
  const api = useApi()
  const [text, setText] = useState(() => JSON.stringify(entry.fields, null, 2))
  const [mediaType, setMediaType] = useState(entry.mediaType)
  const [error, setError] = useState<unknown>(null)
  const fields = membersOf(text)
  const patch = fields === null ? {} : mergePatch(entry.fields, fields)
  const change = {
    ...(mediaType.trim() === entry.mediaType ? {} : { mediaType: mediaType.trim() }),
    ...(Object.keys(patch).length === 0 ? {} : { fields: patch }),
  }
  const isFile = entry.kind === 'file'
  const save = async (): Promise<void> => {
    const headers = { 'content-type': 'application/merge-patch+json', 'if-match': `"${entry.revision}"` }
    await api.send('PATCH', `${collectionPath(entry.collection)}/metadata/${entryPath(entry.path)}`, { body: JSON.stringify(change), headers })
    onChanged()
  }
  return (
    <details>
      <summary>{isFile ? 'Change the type and the fields' : 'Change the fields'}</summary>
      <form
        class="fields-form"
        onSubmit={event => {
          event.preventDefault()
          save().catch(setError)
        }}
      >
        {isFile && (
          <Field label="Media type">
            <input required maxLength={255} autocomplete="off" spellcheck={false} value={mediaType} onInput={event => setMediaType(textOf(event))} />
          </Field>
        )}
        <Field label="Fields, as a JSON object" hint={fields === null ? 'This is not a JSON object yet.' : 'Saving makes a new version over the same bytes.'}>
          <textarea rows={6} spellcheck={false} value={text} onInput={event => setText(textOf(event))} />
        </Field>
        <ProblemBox error={error} />
        <Button type="submit" disabled={fields === null || Object.keys(change).length === 0}>
          {isFile ? 'Save the changes' : 'Save the fields'}
        </Button>
      </form>
    </details>
  )
}
