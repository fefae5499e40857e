import type { JobInfo } from '../../api/types.ts'
import { link } from '../../lib/route.ts'
import { Count, When } from '../../ui/bits.tsx'
import { jobLook, StateBadge } from '../../ui/state.tsx'
import { ProgressBar } from '../job/progress-bar.tsx'
import { jobTitle } from '../job/job-title.ts'

interface JobRowProps {
  readonly job: JobInfo
  readonly index: number
  readonly onFocus: () => void
}

/** One line of the list. */
export function JobRow({ job, index, onFocus }: JobRowProps) {
  const { failed, evicted } = job.counts
  const href = link(['jobs', job.id])
  return (
    <tr onClick={() => (location.hash = href)}>
      <td>
        <StateBadge look={jobLook(job)} />
      </td>
      <td class="job-name">
        <a id={`job-${index}`} href={href} onFocus={onFocus} onClick={event => event.stopPropagation()}>
          {jobTitle(job)}
        </a>
        <span class="muted small">
          {job.kind}
          {job.dryRun && ' · dry run'}
          <span class="wide-inline"> · {job.number}</span>
          <span class="narrow-inline">
            {' · '}
            <When at={job.createdAt} />
          </span>
        </span>
      </td>
      <td class="wide-only progress-cell">
        <ProgressBar job={job} />
      </td>
      <td class="number wide-only">
        <Count value={job.counts.total} />
        {job.counts.discovering && <span title="More are being found">+</span>}
      </td>
      <td class="nowrap">
        {failed > 0 && (
          <span class="bad">
            <Count value={failed} /> failed
          </span>
        )}
        {failed > 0 && evicted > 0 && ', '}
        {evicted > 0 && (
          <span class="warn">
            <Count value={evicted} /> evicted
          </span>
        )}
        {failed + evicted === 0 && <span class="muted">none</span>}
      </td>
      <td class="wide-only">{job.submittedBy}</td>
      <td class="nowrap wide-only">
        <When at={job.createdAt} />
      </td>
    </tr>
  )
}
