import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { upload } from '../../api/transfer.ts'
import type { Dropped } from '../../api/dropped-files.ts'
import { droppedFiles } from '../../api/dropped-files.ts'
import { plural, size } from '../../lib/format.ts'
import { announce } from '../../state/announce.ts'
import { useApi } from '../../state/session.tsx'
import { Button } from '../../ui/bits.tsx'
import { ProblemBox } from '../../ui/problem.tsx'

/** Browsers open six connections to a server: some stay for what is looked at meanwhile. */
const AT_ONCE = 3
/** Of a thousand files only those under way and those that failed are named. */
const NAMED = 8

interface Upload extends Dropped {
  readonly sent: number
  readonly state: 'waiting' | 'sending' | 'stored' | 'failed'
  readonly error: unknown
}

export interface Uploads {
  readonly list: readonly Upload[]
  add(files: readonly Dropped[]): void
  addFiles(input: HTMLInputElement): void
  stop(): void
  clear(): void
}

/** Uploads into a folder of a collection, some at a time; `onStored` is called when the last has ended. */
export function useUploads(collection: string, prefix: string, onStored: () => void): Uploads {
  const api = useApi()
  const [list, setList] = useState<readonly Upload[]>([])
  const work = useRef({ queue: [] as { index: number; path: string; file: File }[], busy: 0, count: 0, stop: new AbortController() })
  const stored = useRef(onStored)
  stored.current = onStored
  useEffect(() => () => work.current.stop.abort(), [])

  const change = (index: number, to: Partial<Upload>): void => setList(before => before.map((one, at) => (at === index ? { ...one, ...to } : one)))
  const next = (): void => {
    const { current } = work
    const job = current.queue.shift()
    if (job === undefined) {
      if (current.busy === 0) {
        announce('The uploads have ended.')
        stored.current()
      }
      return
    }
    current.busy++
    change(job.index, { state: 'sending' })
    upload(api, { collection, path: job.path }, job.file, { onSent: sent => change(job.index, { sent }), signal: current.stop.signal })
      .then(
        () => change(job.index, { state: 'stored', sent: job.file.size }),
        (error: unknown) => change(job.index, { state: 'failed', error }),
      )
      .finally(() => {
        current.busy--
        next()
      })
  }
  const add = (files: readonly Dropped[]): void => {
    const { current } = work
    if (current.stop.signal.aborted) current.stop = new AbortController()
    setList(before => [...before, ...files.map(file => ({ ...file, sent: 0, state: 'waiting' as const, error: null }))])
    for (const { path, file } of files) current.queue.push({ index: current.count++, path: prefix + path, file })
    while (current.busy < AT_ONCE && current.queue.length > 0) next()
  }
  return {
    list,
    add,
    addFiles: input => {
      add([...(input.files ?? [])].map(file => ({ path: file.name, file })))
      input.value = ''
    },
    stop: () => {
      work.current.queue = []
      work.current.stop.abort()
      setList(before => before.filter(one => one.state !== 'waiting'))
      work.current.count = list.filter(one => one.state !== 'waiting').length
    },
    clear: () => {
      setList([])
      work.current.count = 0
    },
  }
}

/** How far the uploads are. */
export function UploadList({ uploads }: { readonly uploads: Uploads }) {
  const { list } = uploads
  if (list.length === 0) return null
  const total = list.reduce((sum, one) => sum + one.file.size, 0)
  const sent = list.reduce((sum, one) => sum + one.sent, 0)
  const failed = list.filter(one => one.state === 'failed')
  const stored = list.filter(one => one.state === 'stored').length
  const over = stored + failed.length === list.length
  return (
    <section class="card uploads" aria-label="Uploads">
      <div class="upload-head">
        <strong>
          {stored} of {plural(list.length, 'file')} stored
        </strong>
        <span class="muted">
          {size(sent)} of {size(total)}
        </span>
        {over ? (
          <Button kind="quiet" icon="close" onClick={uploads.clear}>
            Clear
          </Button>
        ) : (
          <Button kind="quiet" icon="close" onClick={uploads.stop}>
            Stop
          </Button>
        )}
      </div>
      <progress aria-label="Bytes sent" value={sent} max={Math.max(total, 1)} />
      <ul>
        {list
          .filter(one => one.state === 'sending')
          .slice(0, NAMED)
          .map(one => (
            <li key={one.path} class="path">
              {one.path}
            </li>
          ))}
      </ul>
      {failed.slice(0, NAMED).map(one => (
        <div key={one.path}>
          <span class="path">{one.path}</span>
          <ProblemBox error={one.error} />
        </div>
      ))}
      {failed.length > NAMED && <p class="note">{failed.length - NAMED} more failed.</p>}
    </section>
  )
}

/** Takes dropped files and folders, and shows that it would. */
export function DropZone({
  disabled,
  onDrop,
  children,
}: {
  readonly disabled: boolean
  readonly onDrop: (files: readonly Dropped[]) => void
  readonly children: ComponentChildren
}) {
  const [over, setOver] = useState(false)
  const [error, setError] = useState<unknown>(null)
  return (
    <div
      class={`drop-zone ${over ? 'over' : ''}`}
      onDragOver={event => {
        if (disabled || event.dataTransfer?.types.includes('Files') !== true) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={event => {
        if (!(event.relatedTarget instanceof Node) || !event.currentTarget.contains(event.relatedTarget)) setOver(false)
      }}
      onDrop={event => {
        if (disabled || event.dataTransfer === null) return
        event.preventDefault()
        setOver(false)
        droppedFiles(event.dataTransfer).then(onDrop, setError)
      }}
    >
      <ProblemBox error={error} />
      {children}
    </div>
  )
}
