import { useState } from 'preact/hooks'
import type { JobInfo } from '../../api/types.ts'
import { go } from '../../state/route.ts'
import { picks } from '../../state/picks.ts'
import { useApi } from '../../state/session.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { DraftForm } from './draft-form.tsx'
import { PlanView } from './plan-view.tsx'
import type { Draft, Kind } from './request.ts'
import { KINDS, newKey, submit } from './request.ts'

const TITLES: Readonly<Record<Kind, string>> = { copy: 'Copy files', move: 'Move files', delete: 'Delete files' }

interface SubmitDialogProps {
  readonly query: Readonly<Record<string, string>>
  readonly onClose: () => void
}

/** A new job: what, where to, a look at the plan, and only then the thing itself. */
export function SubmitDialog({ query, onClose }: SubmitDialogProps) {
  const api = useApi()
  const [draft, setDraft] = useState<Draft>(() => firstDraft(query))
  const [plan, setPlan] = useState<JobInfo | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const send = (dryRun: boolean): void => {
    setBusy(true)
    setError(null)
    submit(api, draft, dryRun)
      .then(job => (dryRun ? setPlan(job) : go(['jobs', job.id])), setError)
      .finally(() => setBusy(false))
  }
  return (
    <Dialog title={TITLES[draft.kind]} wide onClose={onClose}>
      {plan === null ? (
        <DraftForm
          draft={draft}
          error={error}
          busy={busy}
          onChange={change => setDraft(before => ({ ...before, ...change }))}
          onPlan={() => send(true)}
          onClose={onClose}
        />
      ) : (
        <PlanView draft={draft} plan={plan} error={error} busy={busy} onBack={() => setPlan(null)} onSubmit={() => send(false)} />
      )}
    </Dialog>
  )
}

function firstDraft(query: Readonly<Record<string, string>>): Draft {
  const picked = picks.take()
  const prefix = query['prefix'] ?? ''
  return {
    kind: KINDS.find(kind => kind === query['new']) ?? 'copy',
    from: picked === null ? 'pattern' : 'picked',
    source: query['source'] ?? '',
    prefix,
    glob: '',
    picks: picked,
    manifest: null,
    destination: '',
    destinationPrefix: prefix,
    conflict: 'version',
    verify: false,
    label: '',
    priority: 5,
    key: newKey(),
  }
}
