import { jobPath } from '../../api/api.ts'
import { download } from '../../api/transfer.ts'
import type { JobInfo } from '../../api/types.ts'
import { useApi } from '../../state/session.tsx'
import { Button, Command, Fact, When } from '../../ui/bits.tsx'
import { useState } from 'preact/hooks'
import { ProblemBox } from '../../ui/problem.tsx'

/** What else is known of a job, and the ways to its report. */
export function JobFacts({ job }: { readonly job: JobInfo }) {
  const api = useApi()
  const [error, setError] = useState<unknown>(null)
  const save = (format: string, state?: string): void => {
    const query = { format, ...(state === undefined ? {} : { state }) }
    download(api, `${jobPath(job.id)}/report`, `job-${job.number}.${format}`, query).then(() => setError(null), setError)
  }
  return (
    <div class="card">
      <dl class="facts two">
        <Fact name="Id">
          <code>{job.id}</code>
        </Fact>
        <Fact name="Number">
          <code>{job.number}</code>
        </Fact>
        <Fact name="Kind">{job.kind}</Fact>
        <Fact name="Label">{job.label ?? '–'}</Fact>
        <Fact name="Priority">{job.priority} of 9</Fact>
        <Fact name="Submitted through">{job.dialect}</Fact>
        <Fact name="Created">
          <When at={job.createdAt} />
        </Fact>
        <Fact name="Started">{job.startedAt === null ? 'not yet' : <When at={job.startedAt} />}</Fact>
        <Fact name="Finished">{job.finishedAt === null ? 'not yet' : <When at={job.finishedAt} />}</Fact>
        <Fact name="Kept until">{job.expiresAt === null ? 'counted from its end' : <When at={job.expiresAt} />}</Fact>
      </dl>
      <h2>Report</h2>
      <p class="muted">Every item with its state and reason, as of one moment.</p>
      <div class="actions">
        <Button icon="download" onClick={() => save('csv')}>
          CSV
        </Button>
        <Button icon="download" onClick={() => save('ndjson')}>
          NDJSON
        </Button>
        <Button icon="download" onClick={() => save('csv', 'failed,evicted')}>
          Only failed and evicted
        </Button>
      </div>
      <ProblemBox error={error} />
      <p class="muted">To follow it from a shell:</p>
      <Command text={`./waybill track ${job.id} --watch`} />
    </div>
  )
}
