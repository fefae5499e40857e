import { useState } from 'preact/hooks'
import { collectionPath } from '../../api/api.ts'
import type { CollectionInfo, GrantInfo, Page, Role } from '../../api/types.ts'
import { ROLES } from '../../api/types.ts'
import { useApi } from '../../state/session.tsx'
import { useLoaded } from '../../state/use-loaded.ts'
import { Button, Empty, Field, Skeleton, textOf, When } from '../../ui/bits.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { LoadProblem } from '../../ui/load-problem.tsx'
import { ProblemBox } from '../../ui/problem.tsx'

const PAGE = 1000

const MEANINGS: Readonly<Record<Role, string>> = {
  readonly: 'reads files',
  readwrite: 'reads and writes files',
  admin: 'also gives grants and sees all jobs in it',
  owner: 'also deletes the collection',
}

/** Who has which role on a collection. */
export function Grants({ collection }: { readonly collection: CollectionInfo }) {
  const api = useApi()
  const url = `${collectionPath(collection.id)}/grants`
  const admin = collection.role === 'admin' || collection.role === 'owner'
  const { value, error, loading, reload } = useLoaded(`${url} ${admin}`, async signal =>
    admin ? api.get<Page<GrantInfo>>(url, { limit: PAGE }, signal) : { items: [], nextCursor: null },
  )
  const [subject, setSubject] = useState('')
  const [role, setRole] = useState<Role>('readonly')
  const [refused, setRefused] = useState<unknown>(null)
  const [leaving, setLeaving] = useState<string | null>(null)
  if (!admin)
    return (
      <Empty title="Only admins see who has access">
        {
          <p>
            Your role here is {collection.role}: you {MEANINGS[collection.role].replace('reads', 'read')}.
          </p>
        }
      </Empty>
    )
  // nobody gives or takes away a role above their own
  const givable = ROLES.slice(0, ROLES.indexOf(collection.role) + 1)
  const give = (who: string, what: Role): void => {
    api.send('PUT', `${url}/${encodeURIComponent(who)}`, { json: { role: what } }).then(() => {
      setRefused(null)
      setSubject('')
      reload()
    }, setRefused)
  }
  return (
    <div class="card">
      <form
        class="inline grant-form"
        onSubmit={event => {
          event.preventDefault()
          give(subject.trim(), role)
        }}
      >
        <Field label="Subject">
          <input required value={subject} autocomplete="off" onInput={event => setSubject(textOf(event))} />
        </Field>
        <Field label="Role">
          <select value={role} onChange={event => setRole(textOf(event) as Role)}>
            {givable.map(each => (
              <option key={each} value={each}>
                {each}: {MEANINGS[each]}
              </option>
            ))}
          </select>
        </Field>
        <Button kind="main" type="submit">
          Give the role
        </Button>
      </form>
      <ProblemBox error={refused} />
      <LoadProblem error={error} known={value !== null} retry={reload} />
      {value === null && loading && <Skeleton rows={3} />}
      {value !== null && (
        <div class="table-frame plain-rows">
          <table>
            <thead>
              <tr>
                <th scope="col">Subject</th>
                <th scope="col">Role</th>
                <th scope="col" class="wide-only">
                  Given
                </th>
                <th scope="col">
                  <span class="unseen">Take away</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {value.items.map(grant => (
                <tr key={grant.subject}>
                  <td class="path-whole">{grant.subject}</td>
                  <td>
                    {givable.includes(grant.role) ? (
                      <select aria-label={`Role of ${grant.subject}`} value={grant.role} onChange={event => give(grant.subject, textOf(event) as Role)}>
                        {givable.map(each => (
                          <option key={each} value={each}>
                            {each}
                          </option>
                        ))}
                      </select>
                    ) : (
                      grant.role
                    )}
                  </td>
                  <td class="wide-only">
                    <When at={grant.grantedAt} />
                  </td>
                  <td class="number">
                    {givable.includes(grant.role) && (
                      <Button kind="quiet" onClick={() => setLeaving(grant.subject)} title={`Take the role of ${grant.subject} away`}>
                        Take away
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {value?.nextCursor != null && <p class="note">These are the first {PAGE}; the command line lists all.</p>}
      {leaving !== null && (
        <Confirm
          title="Take the role away?"
          action={`Take it from ${leaving}`}
          onConfirm={async () => {
            await api.send('DELETE', `${url}/${encodeURIComponent(leaving)}`)
            reload()
          }}
          onClose={() => setLeaving(null)}
        >
          <p>
            {leaving} no longer sees <strong>{collection.id}</strong>. Items of their jobs that still need it fail.
          </p>
        </Confirm>
      )}
    </div>
  )
}
