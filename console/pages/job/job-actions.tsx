import { useState } from 'preact/hooks'
import { jobPath } from '../../api/api.ts'
import { download } from '../../api/transfer.ts'
import type { ItemState, JobInfo } from '../../api/types.ts'
import { exactNumber, plural } from '../../lib/format.ts'
import { useApi } from '../../state/session.tsx'
import { Button } from '../../ui/bits.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { ProblemBox } from '../../ui/problem.tsx'

type Asked = 'cancel' | 'retry' | null

const RETRIABLE: readonly ItemState[] = ['failed', 'evicted', 'cancelled', 'skipped']

/** Cancel, pause, resume, retry and the report. */
export function JobActions({ job, onTold }: { readonly job: JobInfo; readonly onTold: (job: JobInfo) => void }) {
  const api = useApi()
  const [asked, setAsked] = useState<Asked>(null)
  const [error, setError] = useState<unknown>(null)
  const [states, setStates] = useState<readonly ItemState[]>(['failed'])
  const steer = async (verb: string, json?: unknown): Promise<void> => {
    onTold(await api.json<JobInfo>('POST', `${jobPath(job.id)}/${verb}`, json === undefined ? {} : { json }))
  }
  const tried = (work: Promise<void>): void => {
    work.then(() => setError(null), setError)
  }
  const finished = job.state === 'finished'
  const { counts } = job
  const open = counts.pending + counts.running
  const retriable = RETRIABLE.filter(state => counts[state] > 0)
  const chosen = retriable.filter(state => states.includes(state))
  const again = chosen.reduce((sum, state) => sum + counts[state], 0)
  return (
    <div class="actions">
      {!finished && !job.paused && (
        <Button icon="paused" onClick={() => tried(steer('pause'))}>
          Pause
        </Button>
      )}
      {!finished && job.paused && (
        <Button kind="main" icon="running" onClick={() => tried(steer('resume'))}>
          Resume
        </Button>
      )}
      {!finished && (
        <Button icon="cancelled" onClick={() => setAsked('cancel')}>
          Cancel
        </Button>
      )}
      {finished && retriable.length > 0 && (
        <Button
          kind="main"
          icon="retry"
          onClick={() => {
            setStates(counts.failed > 0 ? ['failed'] : retriable.slice(0, 1))
            setAsked('retry')
          }}
        >
          {counts.failed > 0 ? `Retry ${exactNumber(counts.failed)} failed` : 'Retry'}
        </Button>
      )}
      <Button icon="download" onClick={() => tried(download(api, `${jobPath(job.id)}/report`, `job-${job.number}.csv`, { format: 'csv' }))}>
        Report
      </Button>
      <ProblemBox error={error} />
      {asked === 'cancel' && (
        <Confirm title="Cancel this job?" action={`Cancel ${plural(open, 'item')}`} onConfirm={() => steer('cancel')} onClose={() => setAsked(null)}>
          <p>
            {plural(open, 'item')} not yet done {open === 1 ? 'becomes' : 'become'} cancelled. {plural(counts.done, 'item')} already done{' '}
            {counts.done === 1 ? 'stays' : 'stay'} as {counts.done === 1 ? 'it is' : 'they are'}.
          </p>
          <p>Cancelled items can be retried later, in this same job.</p>
        </Confirm>
      )}
      {asked === 'retry' && (
        <Confirm
          title="Retry items"
          harmless
          action={`Retry ${plural(again, 'item')}`}
          onConfirm={() => steer('retry', { states: chosen })}
          onClose={() => setAsked(null)}
        >
          <p>A new attempt of just these items, in this same job. Items that are done are not touched.</p>
          <fieldset class="choices">
            <legend>Which items</legend>
            {retriable.map(state => (
              <label key={state} class="check">
                <input
                  type="checkbox"
                  checked={states.includes(state)}
                  onChange={event => setStates(event.currentTarget.checked ? [...states, state] : states.filter(each => each !== state))}
                />
                <span>
                  {exactNumber(counts[state])} {state}
                </span>
              </label>
            ))}
          </fieldset>
        </Confirm>
      )}
    </div>
  )
}
