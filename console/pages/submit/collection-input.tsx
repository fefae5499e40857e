import { useId } from 'preact/hooks'
import type { CollectionInfo, Page } from '../../api/types.ts'
import { useApi } from '../../state/session.tsx'
import { useLoaded } from '../../state/use-loaded.ts'
import { Field, textOf } from '../../ui/bits.tsx'

interface CollectionInputProps {
  readonly label: string
  readonly value: string
  readonly onChange: (id: string) => void
}

/** A collection's id, with those that begin as it is typed. */
export function CollectionInput({ label, value, onChange }: CollectionInputProps) {
  const api = useApi()
  const found = useLoaded(`collections ${value}`, signal => api.get<Page<CollectionInfo>>('/v1/collections', { prefix: value, limit: 20 }, signal))
  const list = useId()
  return (
    <>
      <Field label={label}>
        <input required value={value} list={list} autocomplete="off" spellcheck={false} onInput={event => onChange(textOf(event).trim())} />
      </Field>
      <datalist id={list}>
        {found.value?.items.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </datalist>
    </>
  )
}
