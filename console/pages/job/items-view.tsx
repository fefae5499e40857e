import type { ComponentChildren } from 'preact'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { loadItems } from '../../api/lists.ts'
import type { ItemInfo, ItemState, JobInfo } from '../../api/types.ts'
import { ITEM_STATES } from '../../api/types.ts'
import { exactNumber, size } from '../../lib/format.ts'
import { seekTo } from '../../lib/seek.ts'
import { RowPages } from '../../lib/row-pages.ts'
import { goWith } from '../../state/route.ts'
import { useApi } from '../../state/session.tsx'
import { useShortcuts } from '../../state/shortcuts.ts'
import { Button, Empty, textOf } from '../../ui/bits.tsx'
import { Icon } from '../../ui/icons.tsx'
import { LoadProblem } from '../../ui/load-problem.tsx'
import { ITEM_LOOKS, StateBadge } from '../../ui/state.tsx'
import type { Column } from '../../ui/virtual-table.tsx'
import { VirtualTable } from '../../ui/virtual-table.tsx'
import { ItemPanel } from './item-panel.tsx'

const COLUMNS: readonly Column[] = [
  { name: 'No.', class: 'col-seq' },
  { name: 'State', class: 'col-state' },
  { name: 'File', class: 'col-file' },
  { name: 'Why', class: 'col-why' },
  { name: 'Size', class: 'col-size' },
]
const ROW_HEIGHT = 44
/** While the job runs, what is seen of it is asked for again this often. */
const AGAIN_MS = 1_500

/** The items of a job: filtered by state and by the beginning of the path, from an item on; all of that is in the address. */
export function ItemsView({ job, query }: { readonly job: JobInfo; readonly query: Readonly<Record<string, string>> }) {
  const states = ITEM_STATES.filter(state => (query['state'] ?? '').split(',').includes(state))
  const path = query['path'] ?? ''
  const from = fromOf(query['from'])
  const filtered = states.length > 0 || path !== ''
  const rows = useItems(job, states, path, filtered ? from : 0)
  const [seek, setSeek] = useState<{ readonly row: number } | null>(null)
  // a filtered list begins with the item, the whole one is scrolled to it
  useEffect(() => setSeek(from > 0 && !filtered ? { row: from } : null), [from, filtered])
  const chosen = query['item'] === undefined ? -1 : Number(query['item'])
  const [active, setActive] = useState(-1)
  useEffect(() => setActive(-1), [query['state'], path])
  const { pages, error } = rows
  const selected = active >= 0 ? pages.row(active) : undefined
  useShortcuts({ Escape: () => goWith({ item: undefined }), j: () => focusGrid(), k: () => focusGrid() })
  const open = (index: number): void => {
    const row = pages.row(index)
    if (row !== undefined) goWith({ item: row.seq }, query['item'] !== undefined)
  }
  const cells = (index: number) => {
    const item = pages.row(index)
    return item === undefined ? null : cellsOf(item)
  }
  return (
    <>
      <ItemFilters job={job} states={states} path={path}>
        <Seek
          total={job.counts.total}
          onSeek={row => {
            if (row === from && !filtered) setSeek({ row })
            goWith({ from: row === 0 ? undefined : row, item: undefined })
          }}
        />
      </ItemFilters>
      {filtered && from > 0 && (
        <p class="note seek-note">
          The items from number {exactNumber(from + 1)} on that fit the filter.
          <Button kind="quiet" onClick={() => goWith({ from: undefined })}>
            From the first
          </Button>
        </p>
      )}
      <LoadProblem error={error} known={pages.held > 0} retry={rows.again} />
      <div class={`items ${chosen >= 0 ? 'with-panel' : ''}`}>
        {pages.length === 0 && pages.complete ? (
          <Empty title={filtered ? 'No item fits this filter' : job.counts.discovering ? 'Items are being found' : 'This job has no items'}>
            {filtered ? (
              <Button onClick={() => goWith({ state: undefined, path: undefined, from: undefined })}>Show all items</Button>
            ) : (
              <p>{job.counts.discovering ? 'They appear here as they are found.' : 'Nothing fitted its selection: look at its prefix and glob.'}</p>
            )}
          </Empty>
        ) : (
          <VirtualTable
            key={`${states.join()} ${path} ${filtered ? from : ''}`}
            id="items"
            label="Items"
            columns={COLUMNS}
            rowCount={pages.length}
            complete={pages.complete}
            rowHeight={ROW_HEIGHT}
            active={active}
            seek={filtered ? null : seek}
            cells={cells}
            onSee={rows.see}
            onMove={setActive}
            onOpen={open}
          />
        )}
        {chosen >= 0 && <ItemPanel job={job} seq={chosen} known={selected?.seq === chosen ? selected : null} onClose={() => goWith({ item: undefined })} />}
      </div>
    </>
  )
}

function focusGrid(): void {
  document.getElementById('items')?.focus()
}

/** The rows of the table for a filter, kept up to date while the job changes. */
function useItems(job: JobInfo, states: readonly ItemState[], path: string, from: number) {
  const api = useApi()
  const [, draw] = useState(0)
  const [error, setError] = useState<unknown>(null)
  const key = `${job.id} ${states.join()} ${path} ${from}`
  const gaps = states.length > 0 || path !== ''
  const total = gaps ? null : job.counts.total
  const held = useRef<{ key: string; pages: RowPages<ItemInfo> } | null>(null)
  if (held.current?.key !== key) {
    held.current?.pages.close()
    const load = (first: number, limit: number, signal: AbortSignal) => loadItems(api, job.id, { states, path }, { from: first, limit }, signal)
    const changed = (): void => draw(before => before + 1)
    held.current = { key, pages: new RowPages({ load, total, from, changed, failed: setError }) }
  }
  const { pages } = held.current
  const see = useCallback((first: number, last: number) => pages.want(first, last), [pages])
  const again = useCallback(() => {
    setError(null)
    pages.refresh(total)
  }, [pages, total])
  // every change of the job's counters is one of some items, but those of one screen are asked for now and then only
  const mark = `${total ?? ''} ${ITEM_STATES.map(state => job.counts[state]).join()} ${job.state}`
  const asked = useRef({ mark, at: 0 })
  useEffect(() => {
    if (asked.current.mark === mark) return
    const wait = Math.max(0, asked.current.at + AGAIN_MS - Date.now())
    const timer = setTimeout(() => {
      asked.current = { mark, at: Date.now() }
      pages.refresh(total)
    }, wait)
    return () => clearTimeout(timer)
  }, [mark, pages, total])
  useEffect(() => () => held.current?.pages.close(), [])
  return { pages, error, see, again }
}

function cellsOf(item: ItemInfo) {
  const { destination, reason } = item
  const to = destination === null ? null : `${destination.collection}:${destination.path}`
  return [
    <span class="muted">{exactNumber(item.seq + 1)}</span>,
    <StateBadge look={ITEM_LOOKS[item.state]} title={ITEM_LOOKS[item.state].meaning} />,
    <span class="two-lines" title={`${item.source.collection}:${item.source.path}${to === null ? '' : ` → ${to}`}`}>
      <span class="path">
        <span class="muted">{item.source.collection}:</span>
        {item.source.path}
      </span>
      {to !== null && <span class="path muted small">→ {to}</span>}
      {reason !== null && <span class="narrow-why small">{reason.message}</span>}
    </span>,
    reason === null ? null : (
      <span class="two-lines" title={reason.message}>
        <span>{reason.message}</span>
        <span class="code">{reason.code}</span>
      </span>
    ),
    item.bytes > 0 ? size(item.bytes) : null,
  ]
}

/** A row's number from the address; what is none is the first. */
function fromOf(text: string | undefined): number {
  const number = Number(text ?? 0)
  return Number.isSafeInteger(number) && number > 0 ? number : 0
}

/** Goes to an item by its number, or so many percent of the way. */
function Seek({ total, onSeek }: { readonly total: number; readonly onSeek: (row: number) => void }) {
  const [text, setText] = useState('')
  const row = seekTo(text, total)
  const go = (): void => {
    if (row !== null) onSeek(row)
  }
  return (
    <div class="seek">
      <input
        aria-label={`Go to an item: its number, of ${exactNumber(total)}, or a percentage`}
        aria-invalid={text.trim() !== '' && row === null}
        placeholder="Go to no. or %"
        inputMode="decimal"
        value={text}
        onInput={event => setText(textOf(event))}
        onKeyDown={event => {
          if (event.key !== 'Enter') return
          event.preventDefault()
          go()
        }}
      />
      <Button disabled={row === null} onClick={go}>
        Go
      </Button>
    </div>
  )
}

interface ItemFiltersProps {
  readonly job: JobInfo
  readonly states: readonly ItemState[]
  readonly path: string
  readonly children: ComponentChildren
}

function ItemFilters({ job, states, path, children }: ItemFiltersProps) {
  const [words, setWords] = useState(path)
  useEffect(() => setWords(path), [path])
  const toggle = (state: ItemState): void => {
    const next = states.includes(state) ? states.filter(each => each !== state) : [...states, state]
    goWith({ state: next.join(','), item: undefined })
  }
  return (
    <form
      class="filters"
      role="search"
      aria-label="Items"
      onSubmit={event => {
        event.preventDefault()
        goWith({ path: words, item: undefined })
      }}
    >
      <div class="search">
        <Icon name="search" />
        <input type="search" aria-label="Beginning of the path" placeholder="Path begins with…" value={words} onInput={event => setWords(textOf(event))} />
      </div>
      <div class="chips" role="group" aria-label="Show states">
        {ITEM_STATES.filter(state => job.counts[state] > 0 || states.includes(state)).map(state => (
          <button key={state} type="button" class="chip" aria-pressed={states.includes(state)} onClick={() => toggle(state)}>
            <Icon name={ITEM_LOOKS[state].icon} />
            {ITEM_LOOKS[state].word}
          </button>
        ))}
      </div>
      {children}
      {/* Enter in one of several fields submits only where there is a button to do so */}
      <button type="submit" hidden>
        Search
      </button>
      {(states.length > 0 || path !== '') && (
        <Button kind="quiet" icon="close" onClick={() => goWith({ state: undefined, path: undefined, from: undefined, item: undefined })}>
          Clear
        </Button>
      )}
    </form>
  )
}
