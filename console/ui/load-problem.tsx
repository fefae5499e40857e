import { ApiError } from '../api/api.ts'
import { useSession } from '../state/session.tsx'
import { ProblemBox } from './problem.tsx'

interface LoadProblemProps {
  readonly error: unknown
  /** True where what was known before is shown all the same. */
  readonly known: boolean
  readonly retry: () => void
}

/** Why something could not be loaded. That the server is away is said once, at the head of the page: here no more than what is missing for it. */
export function LoadProblem({ error, known, retry }: LoadProblemProps) {
  const { answers } = useSession()
  if (answers || !(error instanceof ApiError) || error.status !== 0) return <ProblemBox error={error} retry={retry} />
  return known ? null : <p class="muted">Nothing is known of this yet; it comes when the server answers.</p>
}
