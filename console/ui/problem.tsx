import { ApiError } from '../api/api.ts'
import { Icon } from './icons.tsx'
import { Button } from './bits.tsx'

/** What to try, by what went wrong. */
function advice(error: ApiError): string | null {
  if (error.status === 0) return 'Look whether the server runs, then try again.'
  if (error.status === 429) return 'Too many requests were sent; wait a moment.'
  if (error.status === 403) return 'Ask an admin of the collection for a grant, or for a token with more scopes.'
  if (error.status === 410) return 'The job was purged when its retention was over.'
  if (error.status >= 500) return 'Try again; if it stays, give the request id to who runs the server.'
  return null
}

/** What happened, what to try, and the request's id for who looks into the log: the reason first, the code small. */
export function ProblemBox({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  if (error === null || error === undefined) return null
  const known = error instanceof ApiError ? error : null
  const tip = known === null ? null : advice(known)
  return (
    <div class="problem" role="alert">
      <Icon name="failed" />
      <div>
        <p class="problem-reason">{sentence(messageOf(error))}</p>
        {known?.places.slice(0, 5).map(place => (
          <p key={`${place.pointer}${place.detail}`} class="problem-place">
            <code>{place.line === undefined ? place.pointer : `line ${place.line}`}</code> {place.detail}
          </p>
        ))}
        {tip !== null && <p>{tip}</p>}
        {known !== null && (
          <p class="code">
            {known.code}
            {known.requestId !== null && ` · request ${known.requestId}`}
          </p>
        )}
      </div>
      {retry !== undefined && (
        <Button icon="retry" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : `something went wrong: ${JSON.stringify(error)}`
}

/** The server's details begin in lower case and end without a stop: they are parts of sentences elsewhere. */
export function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.?!]$/.test(capital) ? capital : `${capital}.`
}
