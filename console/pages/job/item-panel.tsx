import { loadItems } from '../../api/lists.ts'
import type { ItemEndInfo, ItemInfo, JobInfo } from '../../api/types.ts'
import { exactNumber } from '../../lib/format.ts'
import { link } from '../../lib/route.ts'
import { useApi } from '../../state/session.tsx'
import { useLoaded } from '../../state/use-loaded.ts'
import { Fact, IconButton, Size, Skeleton, When } from '../../ui/bits.tsx'
import { LoadProblem } from '../../ui/load-problem.tsx'
import { ITEM_LOOKS, StateBadge } from '../../ui/state.tsx'

interface ItemPanelProps {
  readonly job: JobInfo
  readonly seq: number
  /** The item as the table has it, if it does. */
  readonly known: ItemInfo | null
  readonly onClose: () => void
}

/** All that is known of one item. */
export function ItemPanel({ job, seq, known, onClose }: ItemPanelProps) {
  const api = useApi()
  const loaded = useLoaded(`${job.id} ${seq} ${job.state}`, async signal => {
    const { rows } = await loadItems(api, job.id, { states: [], path: '' }, { from: seq, limit: 1 }, signal)
    return rows.find(row => row.seq === seq) ?? null
  })
  const item = known ?? loaded.value
  return (
    <aside class="panel" aria-label={`Item ${exactNumber(seq + 1)}`}>
      <header class="dialog-head">
        <h2>Item {exactNumber(seq + 1)}</h2>
        <IconButton icon="close" label="Close the item (Esc)" onClick={onClose} />
      </header>
      <LoadProblem error={loaded.error} known={item !== null} retry={loaded.reload} />
      {item === null && loaded.loading && <Skeleton rows={4} />}
      {item === null && !loaded.loading && loaded.error === null && <p>This job has no such item.</p>}
      {item !== null && <ItemFacts item={item} />}
    </aside>
  )
}

function ItemFacts({ item }: { readonly item: ItemInfo }) {
  const look = ITEM_LOOKS[item.state]
  const { reason } = item
  return (
    <>
      <p class="item-state">
        <StateBadge look={look} /> <span class="muted">{look.meaning}</span>
      </p>
      {reason !== null && (
        <div class="reason">
          <p>{reason.message}</p>
          <p class="code">
            {reason.code}
            {reason.expected != null && ` · expected ${reason.expected}`}
            {reason.actual != null && ` · actual ${reason.actual}`}
          </p>
        </div>
      )}
      <dl class="facts">
        <End name="Source" end={item.source} />
        {item.destination !== null && <End name="Destination" end={item.destination} />}
        <Fact name="Size">
          <Size bytes={item.bytes} />
        </Fact>
        <Fact name="Attempts">{item.attempts}</Fact>
        {item.startedAt !== null && (
          <Fact name="Started">
            <When at={item.startedAt} />
          </Fact>
        )}
        {item.finishedAt !== null && (
          <Fact name="Finished">
            <When at={item.finishedAt} />
          </Fact>
        )}
      </dl>
    </>
  )
}

function End({ name, end }: { readonly name: string; readonly end: ItemEndInfo }) {
  const folder = end.path.slice(0, end.path.lastIndexOf('/') + 1)
  return (
    <Fact name={name}>
      <a class="path-whole" href={link(['collections', end.collection], { prefix: folder, entry: end.path })}>
        {end.collection}:{end.path}
      </a>
      {end.version !== null && <span class="muted small">version {end.version}</span>}
      {end.revision !== null && <span class="code">{end.revision}</span>}
    </Fact>
  )
}
