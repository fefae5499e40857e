import { useEffect, useState } from 'preact/hooks'
import type { JobInfo, Page } from '../../api/types.ts'
import { JOB_KINDS, JOB_STATES, OUTCOMES } from '../../api/types.ts'
import type { Query } from '../../lib/route.ts'
import { go, goWith } from '../../state/route.ts'
import { useApi } from '../../state/session.tsx'
import { Button, textOf } from '../../ui/bits.tsx'
import { Icon } from '../../ui/icons.tsx'
import { ProblemBox } from '../../ui/problem.tsx'

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

const FILTERS: readonly string[] = [...CHOICES.map(each => each.name), ...TEXTS.map(each => each.name), 'label', 'labelContains', 'since']

/** What the API is asked for. */
export function filterOf(query: JobsQuery): Query {
  return Object.fromEntries(
    FILTERS.filter(name => query[name]).map(name => [name, name === 'since' ? new Date(`${query[name]}T00:00`).toISOString() : query[name]]),
  )
}

export function isFiltered(query: JobsQuery): boolean {
  return FILTERS.some(name => query[name])
}

/** An id names one job, a number may; anything else is a part of a label. */
const ID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i
const NUMBER = /^\d{1,16}$/

/** True of what may be the number of a job. */
export function isNumber(text: string): boolean {
  return NUMBER.test(text)
}

/** The filters of the list; they live in the address. */
export function JobFilters({ query }: { readonly query: JobsQuery }) {
  const api = useApi()
  const sought = query['labelContains'] ?? ''
  const [words, setWords] = useState(sought)
  const [error, setError] = useState<unknown>(null)
  useEffect(() => setWords(sought), [sought])
  const search = async (): Promise<void> => {
    const text = words.trim()
    const isLabel = async (): Promise<boolean> => (await api.get<Page<JobInfo>>('/v1/jobs', { labelContains: text, limit: 1 })).items.length > 0
    if (ID.test(text) || (NUMBER.test(text) && !(await isLabel()))) go(['jobs', text])
    else goWith({ labelContains: text })
    setError(null)
  }
  return (
    <form
      class="filters"
      role="search"
      aria-label="Jobs"
      onSubmit={event => {
        event.preventDefault()
        search().catch(setError)
      }}
    >
      <div class="search">
        <Icon name="search" />
        <input
          type="search"
          aria-label="Part of a label, or the id or number of a job"
          placeholder="Part of a label, id or number"
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
      <ProblemBox error={error} />
      {query['label'] !== undefined && <span class="muted">label: {query['label']}</span>}
      {isFiltered(query) && (
        <Button kind="quiet" icon="close" onClick={() => go(['jobs'])}>
          Clear
        </Button>
      )}
    </form>
  )
}
