import { useState } from 'preact/hooks'
import { collectionPath } from '../../api/api.ts'
import type { CollectionInfo } from '../../api/types.ts'
import { membersOf, mergePatch } from '../../lib/merge-patch.ts'
import { go } from '../../state/route.ts'
import { useApi } from '../../state/session.tsx'
import { Button, Fact, Field, textOf, When } from '../../ui/bits.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { ProblemBox } from '../../ui/problem.tsx'
import { Locks } from './locks.tsx'

interface AboutProps {
  readonly collection: CollectionInfo
  readonly onChanged: () => void
}

/** What a collection is, and what its admins and owners change of it. */
export function About({ collection, onChanged }: AboutProps) {
  const api = useApi()
  const [deleting, setDeleting] = useState(false)
  const { role } = collection
  const remove = async (): Promise<void> => {
    await api.send('DELETE', collectionPath(collection.id))
    go(['collections'])
  }
  return (
    <div class="card">
      <dl class="facts two">
        <Fact name="Id">
          <code>{collection.id}</code>
        </Fact>
        <Fact name="Store">{collection.store}</Fact>
        <Fact name="Created">
          <span>
            <When at={collection.createdAt} /> by {collection.createdBy}
          </span>
        </Fact>
        <Fact name="Changed">
          <When at={collection.modifiedAt} />
        </Fact>
      </dl>
      {Object.keys(collection.attributes).length > 0 && (
        <>
          <h2>Attributes</h2>
          <pre>{JSON.stringify(collection.attributes, null, 2)}</pre>
        </>
      )}
      {(role === 'admin' || role === 'owner') && <ChangeForm key={collection.modifiedAt} collection={collection} onChanged={onChanged} />}
      <h2>Lock</h2>
      <p class="muted">A lock stops every write of others in the whole collection until it ends.</p>
      <Locks collection={collection} path={null} />
      {role === 'owner' && (
        <>
          <h2>Delete</h2>
          <p class="muted">Only an empty collection is deleted: delete what is in it first.</p>
          <div class="actions">
            <Button kind="danger" onClick={() => setDeleting(true)}>
              Delete the collection
            </Button>
          </div>
        </>
      )}
      {deleting && (
        <Confirm title={`Delete ${collection.id}?`} action="Delete this collection" typed={collection.id} onConfirm={remove} onClose={() => setDeleting(false)}>
          <p>The collection goes for good, with its grants and locks. That is refused while anything is in it.</p>
        </Confirm>
      )}
    </div>
  )
}

function ChangeForm({ collection, onChanged }: AboutProps) {
  const api = useApi()
  const [name, setName] = useState(collection.name)
  const [text, setText] = useState(() => JSON.stringify(collection.attributes, null, 2))
  const [error, setError] = useState<unknown>(null)
  const attributes = membersOf(text)
  const before = { name: collection.name, attributes: collection.attributes }
  const patch = attributes === null ? {} : mergePatch(before, { name: name.trim(), attributes })
  const save = async (): Promise<void> => {
    await api.send('PATCH', collectionPath(collection.id), {
      body: JSON.stringify(patch),
      headers: { 'content-type': 'application/merge-patch+json' },
    })
    onChanged()
  }
  return (
    <details>
      <summary>Change the name and the attributes</summary>
      <form
        class="fields-form"
        onSubmit={event => {
          event.preventDefault()
          save().catch(setError)
        }}
      >
        <Field label="Name" hint="For people.">
          <input required maxLength={200} value={name} onInput={event => setName(textOf(event))} />
        </Field>
        <Field
          label="Attributes, as a JSON object"
          hint={attributes === null ? 'This is not a JSON object yet.' : 'Of the collection itself; files have fields of their own.'}
        >
          <textarea rows={5} spellcheck={false} value={text} onInput={event => setText(textOf(event))} />
        </Field>
        <ProblemBox error={error} />
        <Button type="submit" disabled={Object.keys(patch).length === 0}>
          Save
        </Button>
      </form>
    </details>
  )
}
