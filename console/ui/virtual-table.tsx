import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { ScrollMap } from '../lib/scroll-map.ts'
import type { ScrollPlace } from '../lib/scroll-map.ts'

export interface Column {
  readonly name: string
  /** Of the grid's column, and of what is left out on a narrow screen. */
  readonly class: string
}

interface VirtualTableProps {
  readonly label: string
  readonly columns: readonly Column[]
  readonly rowCount: number
  /** False while more rows may come behind the last. */
  readonly complete: boolean
  readonly rowHeight: number
  /** The row that is selected by the address, or -1. */
  readonly active: number
  /** The row that is to be at the top, each time that this is another object. */
  readonly seek?: { readonly row: number } | null
  /** Cells of a row, one a column; null while it is loaded. */
  readonly cells: (index: number) => readonly ComponentChildren[] | null
  /** Called with the rows that are seen. */
  readonly onSee: (first: number, last: number) => void
  readonly onMove: (index: number) => void
  readonly onOpen: (index: number) => void
  readonly id: string
}

/** Rows beyond the edges that are drawn, too: a quick scroll shows no blank before the next frame. */
const MARGIN = 12

/**
 * A table of any length that draws a screenful of rows. It keeps the semantics of a grid: the length and each row's number are told, and the active
 * row moves with the arrow keys, j and k.
 */
export function VirtualTable(props: VirtualTableProps) {
  const { columns, rowCount, rowHeight, active, id, seek = null } = props
  const viewport = useRef<HTMLDivElement>(null)
  const [view, setView] = useState(600)
  const [place, setPlace] = useState<ScrollPlace>({ offset: 0, scrollTop: 0 })
  const map = new ScrollMap(rowCount * rowHeight, view)
  const top = ScrollMap.top(place)
  const first = Math.max(0, Math.floor(top / rowHeight) - MARGIN)
  const last = Math.min(rowCount - 1, Math.ceil((top + view) / rowHeight) + MARGIN)

  useLayoutEffect(() => {
    const element = viewport.current
    if (element === null) return
    const watcher = new ResizeObserver(() => setView(element.clientHeight))
    watcher.observe(element)
    return () => watcher.disconnect()
  }, [])
  const { onSee } = props
  useEffect(() => {
    if (rowCount > 0) onSee(Math.max(0, first), last)
  }, [first, last, rowCount, onSee])

  const show = (next: ScrollPlace): void => {
    setPlace(next)
    const element = viewport.current
    if (element !== null && Math.abs(element.scrollTop - next.scrollTop) >= 1) element.scrollTop = next.scrollTop
  }
  useEffect(() => {
    if (seek !== null) show(map.at(seek.row * rowHeight))
    // where the table is then scrolled to is the user's
  }, [seek])
  const scrolled = (): void => {
    const element = viewport.current
    // our own setting of scrollTop is heard here, too
    if (element === null || Math.abs(element.scrollTop - place.scrollTop) < 1) return
    show(map.scrolled(place, element.scrollTop))
  }
  const move = (index: number): void => {
    const next = Math.min(Math.max(0, index), rowCount - 1)
    if (next < 0) return
    if (next * rowHeight < top) show(map.at(next * rowHeight))
    else if ((next + 2) * rowHeight > top + view) show(map.at((next + 2) * rowHeight - view))
    props.onMove(next)
  }
  const perView = Math.max(1, Math.floor(view / rowHeight) - 1)
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: active + 1,
    j: active + 1,
    ArrowUp: active - 1,
    k: active - 1,
    PageDown: active + perView,
    PageUp: active - perView,
    Home: 0,
    End: rowCount - 1,
  }
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    const to = steps[event.key]
    if (to !== undefined) move(to)
    else if (event.key === 'Enter' && active >= 0) props.onOpen(active)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  const rows = []
  for (let index = first; index <= last; index++) rows.push(<Row key={index} index={index} top={index * rowHeight - place.offset} {...props} />)
  return (
    <div
      class="grid"
      role="grid"
      id={id}
      aria-label={props.label}
      aria-rowcount={props.complete ? rowCount + 1 : -1}
      aria-readonly="true"
      aria-activedescendant={active >= first && active <= last ? `${id}-${active}` : undefined}
      tabIndex={0}
      onKeyDown={press}
    >
      <div class="grid-row grid-head" role="row" aria-rowindex={1}>
        {columns.map(column => (
          <div key={column.name} role="columnheader" class={`cell ${column.class}`}>
            {column.name}
          </div>
        ))}
      </div>
      <div class="grid-body" role="rowgroup" ref={viewport} onScroll={scrolled}>
        <div class="grid-space" role="presentation" style={{ height: `${map.height}px` }}>
          {rows}
        </div>
      </div>
    </div>
  )
}

function Row({ index, top, id, active, columns, cells, rowHeight, onMove, onOpen }: VirtualTableProps & { readonly index: number; readonly top: number }) {
  const content = cells(index)
  const open = (): void => {
    onMove(index)
    onOpen(index)
  }
  return (
    <div
      id={`${id}-${index}`}
      class={`grid-row ${index === active ? 'active' : ''} ${content === null ? 'blank' : ''}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={index === active}
      style={{ transform: `translateY(${top}px)`, height: `${rowHeight}px` }}
      onClick={open}
    >
      {columns.map((column, position) => (
        <div key={column.name} role="gridcell" class={`cell ${column.class}`}>
          {content === null ? <span class="bar" /> : content[position]}
        </div>
      ))}
    </div>
  )
}
