import { useEffect, useState } from 'preact/hooks'
import { JOB_KINDS, JOB_STATES, OUTCOMES } from '../../api/types.ts'
import type { Query } from '../../lib/route.ts'
import { go, goWith } from '../../state/route.ts'
import { Button, textOf } from '../../ui/bits.tsx'
import { Icon } from '../../ui/icons.tsx'

export type JobsQuery = Readonly<Record<string, string>>

const CHOICES = [
  { name: 'state', label: 'State', values: JOB_STATES },
  { name: 'outcome', label: 'Outcome', values: OUTCOMES },
  { name: 'kind', label: 'Kind', values: JOB_KINDS },
] as const

const TEXTS = [
  { name: 'collection', label: 'Collection' },
  { name: 'submittedBy', label: 'Submitted by' },
] as const

const FILTERS: readonly string[] = [...CHOICES.map(each => each.name), ...TEXTS.map(each => each.name), 'label', 'since']

/** What the API is asked for. */
export function filterOf(query: JobsQuery): Query {
  return Object.fromEntries(
    FILTERS.filter(name => query[name]).map(name => [name, name === 'since' ? new Date(`${query[name]}T00:00`).toISOString() : query[name]]),
  )
}

export function isFiltered(query: JobsQuery): boolean {
  return FILTERS.some(name => query[name])
}

/** An id or a number names one job; anything else is a label. */
const NAME_OF_A_JOB = /^([0-9a-f]{8}-[0-9a-f-]{27}|\d{6,})$/i

/** The filters of the list; they live in the address. */
export function JobFilters({ query }: { readonly query: JobsQuery }) {
  const [words, setWords] = useState(query['label'] ?? '')
  useEffect(() => setWords(query['label'] ?? ''), [query['label']])
  const search = (event: Event): void => {
    event.preventDefault()
    const text = words.trim()
    if (NAME_OF_A_JOB.test(text)) go(['jobs', text])
    else goWith({ label: text })
  }
  return (
    <form class="filters" role="search" aria-label="Jobs" onSubmit={search}>
      <div class="search">
        <Icon name="search" />
        <input
          type="search"
          aria-label="Label, id or number of a job"
          placeholder="Label, id or number"
          value={words}
          onInput={event => setWords(textOf(event))}
        />
      </div>
      <div class="filter-row">
        {CHOICES.map(({ name, label, values }) => (
          <select key={name} aria-label={label} value={query[name] ?? ''} onChange={event => goWith({ [name]: textOf(event) })}>
            <option value="">{label}: any</option>
            {values.map(value => (
              <option key={value} value={value}>
                {label}: {value}
              </option>
            ))}
          </select>
        ))}
        {TEXTS.map(({ name, label }) => (
          <input
            key={name}
            class="text-filter"
            aria-label={label}
            placeholder={label}
            value={query[name] ?? ''}
            onChange={event => goWith({ [name]: textOf(event).trim() })}
          />
        ))}
        <input type="date" aria-label="Created since" title="Created since" value={query['since'] ?? ''} onChange={event => goWith({ since: textOf(event) })} />
      </div>
      {/* Enter submits a form of several fields only where there is a button to do so */}
      <button type="submit" hidden>
        Search
      </button>
      {isFiltered(query) && (
        <Button kind="quiet" icon="close" onClick={() => go(['jobs'])}>
          Clear
        </Button>
      )}
    </form>
  )
}
