import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { Api } from '../api/api.ts'
import type { Page } from '../api/types.ts'
import type { Query } from '../lib/route.ts'
import { Button, Skeleton } from '../ui/bits.tsx'
import { LoadProblem } from '../ui/load-problem.tsx'
import { ProblemBox } from '../ui/problem.tsx'
import { useNow } from './use-now.ts'
import { useApi } from './session.tsx'
import type { Loaded } from './use-loaded.ts'
import { useLoaded } from './use-loaded.ts'

/** A list that is loaded a page at a time. */
export interface Pages<Row> extends Loaded<Page<Row>> {
  readonly rows: readonly Row[]
  /** Why the next page did not come, or null. */
  readonly moreError: unknown
  loadMore(): void
}

interface PagesOptions {
  /** As of `useLoaded`. */
  readonly keep?: string
  /** How often the list is loaded again while no more than its first page is shown; never unless told. */
  readonly againMs?: number
}

/** So many pages that a selective filter left empty are passed over by one press. */
const PASSED_OVER = 10

/** The next page that has rows. The server looks at so many rows for a page and no more, so that one may be empty and not the last. */
async function loadPage<Row>(api: Api, path: string, query: Query, signal?: AbortSignal): Promise<Page<Row>> {
  let page = await api.get<Page<Row>>(path, query, signal)
  for (let passed = 0; page.items.length === 0 && page.nextCursor !== null && passed < PASSED_OVER; passed++) {
    page = await api.get<Page<Row>>(path, { ...query, cursor: page.nextCursor }, signal)
  }
  return page
}

/** The first page of a list, and the next ones as they are asked for. */
export function usePages<Row>(path: string, query: Query, { keep, againMs = 0 }: PagesOptions = {}): Pages<Row> {
  const api = useApi()
  const [grown, setGrown] = useState(false)
  const round = useNow(grown ? 0 : againMs)
  const loaded = useLoaded(`${path} ${JSON.stringify(query)}`, signal => loadPage<Row>(api, path, query, signal), {
    ...(keep === undefined ? {} : { keep }),
    ...(againMs === 0 ? {} : { round }),
  })
  const [moreError, setMoreError] = useState<unknown>(null)
  const { value, set } = loaded
  const loadMore = (): void => {
    setGrown(true)
    loadPage<Row>(api, path, { ...query, cursor: value?.nextCursor ?? undefined }).then(
      next => {
        setMoreError(null)
        set(before => ({ items: [...before.items, ...next.items], nextCursor: next.nextCursor }))
      },
      (reason: unknown) => setMoreError(reason),
    )
  }
  return { ...loaded, rows: value?.items ?? [], moreError, loadMore }
}

/** What stands around the rows of a list: grey bars, an error, nothing at all, the way to more. */
export function PagesFrame({
  pages,
  empty,
  children,
}: {
  readonly pages: Pages<unknown>
  readonly empty: ComponentChildren
  readonly children: ComponentChildren
}) {
  const { value, error, loading, rows } = pages
  return (
    <>
      <LoadProblem error={error} known={value !== null} retry={pages.reload} />
      {value === null && loading && <Skeleton rows={3} />}
      {value?.nextCursor === null && rows.length === 0 && empty}
      {value?.nextCursor != null && rows.length === 0 && <p class="muted">Nothing so far; there is more to look through.</p>}
      {rows.length > 0 && children}
      <ProblemBox error={pages.moreError} retry={pages.loadMore} />
      {value?.nextCursor != null && (
        <div>
          <Button onClick={pages.loadMore}>Show more</Button>
        </div>
      )}
    </>
  )
}
