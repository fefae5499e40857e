import type { ItemState, JobInfo } from '../api/types.ts'
import type { IconName } from './icons.tsx'
import { Icon } from './icons.tsx'

/** How a state is shown: icon, word and colour, never the colour alone. */
interface Look {
  readonly icon: IconName
  readonly word: string
  readonly tone: 'good' | 'bad' | 'warn' | 'busy' | 'calm' | 'away'
}

export const ITEM_LOOKS: Readonly<Record<ItemState, Look & { readonly meaning: string }>> = {
  pending: { icon: 'pending', word: 'Pending', tone: 'calm', meaning: 'waits for its turn' },
  running: { icon: 'running', word: 'Running', tone: 'busy', meaning: 'is worked on now' },
  done: { icon: 'done', word: 'Done', tone: 'good', meaning: 'is where it should be' },
  skipped: { icon: 'skipped', word: 'Skipped', tone: 'calm', meaning: 'the destination was there already and the job keeps it' },
  failed: { icon: 'failed', word: 'Failed', tone: 'bad', meaning: 'could not be done; the reason says why' },
  evicted: { icon: 'evicted', word: 'Evicted', tone: 'warn', meaning: 'a condition of it did not hold, so nothing was changed' },
  cancelled: { icon: 'cancelled', word: 'Cancelled', tone: 'away', meaning: 'the job was cancelled before its turn' },
}

/** A job's look: its outcome when it is finished, else its state. */
export function jobLook(job: Pick<JobInfo, 'state' | 'outcome' | 'paused'>): Look {
  if (job.state !== 'finished') {
    if (job.paused) return { icon: 'paused', word: 'Paused', tone: 'warn' }
    if (job.state === 'running') return { icon: 'running', word: 'Running', tone: 'busy' }
    return job.state === 'resolving' ? { icon: 'search', word: 'Resolving', tone: 'busy' } : { icon: 'pending', word: 'Submitted', tone: 'calm' }
  }
  switch (job.outcome) {
    case 'succeeded':
      return { icon: 'done', word: 'Succeeded', tone: 'good' }
    case 'partial':
      return { icon: 'evicted', word: 'Partial', tone: 'warn' }
    case 'failed':
      return { icon: 'failed', word: 'Failed', tone: 'bad' }
    default:
      return { icon: 'cancelled', word: 'Cancelled', tone: 'away' }
  }
}

export function StateBadge({ look, title }: { readonly look: Look; readonly title?: string }) {
  return (
    <span class={`badge tone-${look.tone}`} title={title}>
      <Icon name={look.icon} />
      <span>{look.word}</span>
    </span>
  )
}
