import type { AuditRecord, CollectionInfo } from '../../api/types.ts'
import { link } from '../../lib/route.ts'
import { goWith } from '../../state/route.ts'
import { PagesFrame, usePages } from '../../state/use-pages.tsx'
import { Button, Empty, textOf, When } from '../../ui/bits.tsx'

const PAGE = 100

/** What can have been done, in words. */
const ACTIONS: Readonly<Record<AuditRecord['action'], string>> = {
  'collection.create': 'made the collection',
  'collection.update': 'changed the collection',
  'collection.delete': 'deleted the collection',
  'grant.set': 'gave a role',
  'grant.remove': 'took a role away',
  'lock.acquire': 'locked',
  'lock.release': 'released a lock',
  'entry.put': 'stored',
  'entry.patch': 'changed',
  'entry.delete': 'deleted',
  'job.submit': 'submitted a job',
  'job.cancel': 'cancelled a job',
  'job.pause': 'paused a job',
  'job.resume': 'resumed a job',
  'job.retry': 'retried a job',
  'webhook.create': 'made a webhook',
  'webhook.delete': 'deleted a webhook',
  'token.create': 'made a token',
  'token.revoke': 'revoked a token',
}
/** Tokens belong to no collection. */
const OF_COLLECTIONS = Object.keys(ACTIONS).filter(action => !action.startsWith('token.'))

/** A day as the address has it, as the beginning of that day here; `days` later. */
function beginningOf(day: string | undefined, days = 0): string | undefined {
  if (day === undefined || day === '') return undefined
  const date = new Date(`${day}T00:00`)
  date.setDate(date.getDate() + days)
  return date.toISOString()
}

interface DayFilterProps {
  readonly word: string
  readonly label: string
  readonly value: string | undefined
  readonly onChange: (day: string) => void
}

/** Who did what to a collection, newest first. For its admins. */
export function Audit({ collection, query }: { readonly collection: CollectionInfo; readonly query: Readonly<Record<string, string>> }) {
  const { action = '', subject = '', since, until } = query
  const pages = usePages<AuditRecord>(
    '/v1/audit',
    {
      ...{ collection: collection.id, action, subject, limit: PAGE },
      ...{ since: beginningOf(since), until: beginningOf(until, 1) },
    },
    { keep: 'audit' },
  )
  const filtered = [action, subject, since, until].some(Boolean)
  const clear = (): void => goWith({ action: undefined, subject: undefined, since: undefined, until: undefined })
  return (
    <>
      <div class="filters" role="search" aria-label="Audit">
        <select aria-label="Action" value={action} onChange={event => goWith({ action: textOf(event) })}>
          <option value="">Any action</option>
          {OF_COLLECTIONS.map(each => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
        <input class="text-filter" aria-label="Who" placeholder="Who" value={subject} onChange={event => goWith({ subject: textOf(event).trim() })} />
        <DayFilter word="From" label="From this day on" value={since} onChange={day => goWith({ since: day })} />
        <DayFilter word="To" label="To this day" value={until} onChange={day => goWith({ until: day })} />
        {filtered && (
          <Button kind="quiet" icon="close" onClick={clear}>
            Clear
          </Button>
        )}
      </div>
      <PagesFrame
        pages={pages}
        empty={
          <Empty title={filtered ? 'Nothing fits these filters' : 'Nothing is recorded'}>
            {!filtered && <p>Either nothing was done yet, or this server keeps no audit (setting auditRetentionMs).</p>}
          </Empty>
        }
      >
        <div class="table-frame plain-rows">
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">What</th>
                <th scope="col" class="wide-only">
                  Through
                </th>
              </tr>
            </thead>
            <tbody>
              {pages.rows.map(record => (
                <Line key={record.id} record={record} />
              ))}
            </tbody>
          </table>
        </div>
      </PagesFrame>
    </>
  )
}

/** A day to filter by, with its word beside it: two of them would else look the same. */
function DayFilter({ word, label, value = '', onChange }: DayFilterProps) {
  return (
    <label class="day-filter">
      {word}
      <input type="date" aria-label={label} title={label} value={value} onChange={event => onChange(textOf(event))} />
    </label>
  )
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A digest is known by its beginning; the whole of it is told on hover. */
function shortened(word: string): string {
  return /^[0-9a-f]{40,}$/.test(word) ? `${word.slice(0, 12)}…` : word
}

function Line({ record }: { readonly record: AuditRecord }) {
  const { path, job, details } = record
  const more = Object.entries(details)
  return (
    <tr>
      <td class="nowrap">
        <When at={record.at} />
      </td>
      <td class="path-whole who-cell">{record.subject}</td>
      <td class="path-whole">
        {job === null ? ACTIONS[record.action] : <a href={link(['jobs', job])}>{ACTIONS[record.action]}</a>}{' '}
        {path !== null && (
          <a href={link(['collections', record.collection ?? ''], { entry: path, prefix: path.slice(0, path.lastIndexOf('/') + 1) })}>{path}</a>
        )}
        <span class="code audit-code">
          {record.action}
          {more.map(([name, value]) => (
            <span key={name} title={`${name} ${wordOf(value)}`}>
              {' '}
              · {name} {shortened(wordOf(value))}
            </span>
          ))}
        </span>
      </td>
      <td class="wide-only">
        {record.dialect}
        {record.requestId !== null && <span class="code audit-code nowrap">{record.requestId}</span>}
      </td>
    </tr>
  )
}
