import { useState } from 'preact/hooks'
import { collectionPath, entryPath } from '../../api/api.ts'
import type { EntryInfo } from '../../api/types.ts'
import { membersOf, mergePatch } from '../../lib/merge-patch.ts'
import { useApi } from '../../state/session.tsx'
import { Button, Field, textOf } from '../../ui/bits.tsx'
import { ProblemBox } from '../../ui/problem.tsx'

/** Changes the fields of a file: a new version over the same bytes, unless somebody else was quicker. */
export function FieldsForm({ entry, onChanged }: { readonly entry: EntryInfo; readonly onChanged: () => void }) {
  const api = useApi()
  const [text, setText] = useState(() => JSON.stringify(entry.fields, null, 2))
  const [error, setError] = useState<unknown>(null)
  const fields = membersOf(text)
  const patch = fields === null ? null : mergePatch(entry.fields, fields)
  const save = async (): Promise<void> => {
    const headers = { 'content-type': 'application/merge-patch+json', 'if-match': `"${entry.revision}"` }
    await api.send('PATCH', `${collectionPath(entry.collection)}/metadata/${entryPath(entry.path)}`, { body: JSON.stringify({ fields: patch }), headers })
    onChanged()
  }
  return (
    <details>
      <summary>Change the fields</summary>
      <form
        class="fields-form"
        onSubmit={event => {
          event.preventDefault()
          save().catch(setError)
        }}
      >
        <Field label="Fields, as a JSON object" hint={fields === null ? 'This is not a JSON object yet.' : 'Saving makes a new version over the same bytes.'}>
          <textarea rows={6} spellcheck={false} value={text} onInput={event => setText(textOf(event))} />
        </Field>
        <ProblemBox error={error} />
        <Button type="submit" disabled={patch === null || Object.keys(patch).length === 0}>
          Save the fields
        </Button>
      </form>
    </details>
  )
}
