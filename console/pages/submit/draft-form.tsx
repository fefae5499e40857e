import type { Conflict } from '../../api/types.ts'
import { Button, Field, textOf } from '../../ui/bits.tsx'
import { ProblemBox } from '../../ui/problem.tsx'
import { CollectionInput } from './collection-input.tsx'
import { ManifestInput } from './manifest-input.tsx'
import type { Draft } from './request.ts'
import { KINDS, missing } from './request.ts'

const CONFLICTS: readonly { readonly value: Conflict; readonly words: string }[] = [
  { value: 'version', words: 'write a new version of it' },
  { value: 'skip', words: 'keep it and skip the item' },
  { value: 'fail', words: 'keep it and fail the item' },
  { value: 'rename', words: 'take a free name beside it' },
]

interface DraftFormProps {
  readonly draft: Draft
  readonly error: unknown
  readonly busy: boolean
  readonly onChange: (change: Partial<Draft>) => void
  readonly onPlan: () => void
  readonly onClose: () => void
}

/** What the job is to do. */
export function DraftForm({ draft, error, busy, onChange, onPlan, onClose }: DraftFormProps) {
  const lack = missing(draft)
  return (
    <form
      class="dialog-body"
      onSubmit={event => {
        event.preventDefault()
        if (lack === null) onPlan()
      }}
    >
      <div class="segments" role="group" aria-label="Kind of job">
        {KINDS.map(kind => (
          <button key={kind} type="button" aria-pressed={draft.kind === kind} onClick={() => onChange({ kind })}>
            {kind}
          </button>
        ))}
      </div>
      <Source draft={draft} onChange={onChange} />
      {draft.kind !== 'delete' && draft.from !== 'manifest' && (
        <fieldset>
          <legend>To</legend>
          <div class="row">
            <CollectionInput label="Collection" value={draft.destination} onChange={destination => onChange({ destination })} />
            <Field label="Folder" hint={exampleOf(draft)}>
              <input
                value={draft.destinationPrefix}
                autocomplete="off"
                placeholder="the top"
                onInput={event => onChange({ destinationPrefix: textOf(event) })}
              />
            </Field>
          </div>
        </fieldset>
      )}
      {draft.kind !== 'delete' && (
        <Field label="Where a file is there already">
          <select value={draft.conflict} onChange={event => onChange({ conflict: textOf(event) as Conflict })}>
            {CONFLICTS.map(({ value, words }) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </Field>
      )}
      <Options draft={draft} onChange={onChange} />
      <ProblemBox error={error} />
      <footer class="dialog-foot">
        <span class="hint">{lack ?? 'Nothing changes yet: you see the plan first.'}</span>
        <Button onClick={onClose}>Close</Button>
        <Button kind="main" type="submit" disabled={busy || lack !== null}>
          {busy ? 'Planning…' : 'Show the plan'}
        </Button>
      </footer>
    </form>
  )
}

type PartProps = Pick<DraftFormProps, 'draft' | 'onChange'>

function Source({ draft, onChange }: PartProps) {
  const ways = [
    ...(draft.picks === null ? [] : [{ key: 'picked' as const, name: `${draft.picks.keys.length} picked` }]),
    { key: 'pattern' as const, name: 'Folder or pattern' },
    { key: 'manifest' as const, name: 'Manifest' },
  ]
  return (
    <fieldset>
      <legend>{draft.kind === 'delete' ? 'What' : 'From'}</legend>
      <div class="segments" role="group" aria-label="How the files are named">
        {ways.map(({ key, name }) => (
          <button key={key} type="button" aria-pressed={draft.from === key} onClick={() => onChange({ from: key })}>
            {name}
          </button>
        ))}
      </div>
      {draft.from === 'pattern' && (
        <div class="row">
          <CollectionInput label="Collection" value={draft.source} onChange={source => onChange({ source })} />
          <Field label="Folder" hint="Paths that begin so.">
            <input
              value={draft.prefix}
              autocomplete="off"
              placeholder="all of it"
              onInput={event => {
                const prefix = textOf(event)
                // the destination's follows until it is set by itself
                onChange(draft.destinationPrefix === draft.prefix ? { prefix, destinationPrefix: prefix } : { prefix })
              }}
            />
          </Field>
          <Field label="Pattern" hint="**/*.png takes every PNG beneath.">
            <input value={draft.glob} autocomplete="off" placeholder="every file" onInput={event => onChange({ glob: textOf(event) })} />
          </Field>
        </div>
      )}
      {draft.from === 'picked' && draft.picks !== null && (
        <ul class="picked">
          {draft.picks.keys.slice(0, 8).map(key => (
            <li key={key} class="path">
              <span class="muted">{draft.picks?.collection}:</span>
              {key}
              {key.endsWith('/') && <span class="muted"> and all in it</span>}
            </li>
          ))}
          {draft.picks.keys.length > 8 && <li class="muted">and {draft.picks.keys.length - 8} more</li>}
        </ul>
      )}
      {draft.from === 'manifest' && <ManifestInput file={draft.manifest} onFile={manifest => onChange({ manifest })} />}
    </fieldset>
  )
}

function Options({ draft, onChange }: PartProps) {
  return (
    <details>
      <summary>More options</summary>
      <div class="row">
        <Field label="Label" hint="To find the job again.">
          <input value={draft.label} maxLength={200} onInput={event => onChange({ label: textOf(event) })} />
        </Field>
        <Field label="Priority" hint="1 is last, 9 first.">
          <input type="number" min={1} max={9} required value={draft.priority} onInput={event => onChange({ priority: Number(textOf(event)) })} />
        </Field>
        <Field label="Idempotency key" hint="The same key and job again answer the same job: it is safe to press twice.">
          <input value={draft.key} required maxLength={255} onInput={event => onChange({ key: textOf(event) })} />
        </Field>
      </div>
      <label class="check">
        <input type="checkbox" checked={draft.verify} onChange={event => onChange({ verify: event.currentTarget.checked })} />
        <span>Read and check every source again before its item is done</span>
      </label>
    </details>
  )
}

function exampleOf(draft: Draft): string {
  const name = draft.glob.includes('.') ? `file${draft.glob.slice(draft.glob.lastIndexOf('.'))}` : 'file'
  return `${draft.prefix}${name} becomes ${draft.destinationPrefix}${name}`
}
