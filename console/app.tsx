import { useState } from 'preact/hooks'
import { LIVE_REGION } from './state/announce.ts'
import { go, goWith, useRoute } from './state/route.ts'
import { SessionGate, useSession } from './state/session.tsx'
import { useShortcuts } from './state/shortcuts.ts'
import { useNow } from './state/use-now.ts'
import type { Route } from './lib/route.ts'
import { relative } from './lib/format.ts'
import { link } from './lib/route.ts'
import { CollectionPage } from './pages/collections/collection-page.tsx'
import { CollectionsPage } from './pages/collections/collections-page.tsx'
import { HelpDialog } from './pages/help-dialog.tsx'
import { JobPage } from './pages/job/job-page.tsx'
import { JobsPage } from './pages/jobs/jobs-page.tsx'
import { SignInPage } from './pages/sign-in.tsx'
import { SubmitDialog } from './pages/submit/submit-dialog.tsx'
import { SystemPage } from './pages/system/system-page.tsx'
import { TokensPage } from './pages/tokens/tokens-page.tsx'
import { Button, Empty } from './ui/bits.tsx'
import { Icon } from './ui/icons.tsx'

export function App() {
  return (
    <SessionGate signIn={props => <SignInPage {...props} />}>
      <Frame />
    </SessionGate>
  )
}

const PLACES = [
  { name: 'Jobs', segment: 'jobs' },
  { name: 'Collections', segment: 'collections' },
  { name: 'Tokens', segment: 'tokens' },
  { name: 'System', segment: 'system' },
] as const

/** Where the parameter `new` says that the dialog for a new job is open. */
const NEW = 'new'

function Frame() {
  const route = useRoute()
  const { who, signOut } = useSession()
  const [help, setHelp] = useState(false)
  const here = route.path[0] ?? 'jobs'
  useShortcuts({
    c: () => goWith({ [NEW]: 'copy' }),
    '?': () => setHelp(true),
    '/': () => document.querySelector<HTMLInputElement>('input[type=search]')?.focus(),
  })
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        To the content
      </a>
      <header class="top">
        <a class="brand" href={link(['jobs'])}>
          <img src={new URL('./icon.svg', import.meta.url).href} alt="" width="24" height="24" />
          <span>Waybill</span>
        </a>
        <nav aria-label="Console">
          {PLACES.map(({ name, segment }) => (
            <a key={segment} href={link([segment])} aria-current={here === segment ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <Button kind="main" icon="plus" onClick={() => goWith({ [NEW]: 'copy' })} title="New job (c)">
          New job
        </Button>
        <div class="user">
          <span class="subject" title={`Signed in as ${who.subject}`}>
            {who.subject}
          </span>
          <Button kind="quiet" onClick={signOut}>
            Sign out
          </Button>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <Away />
        <Page route={route} />
      </main>
      {route.query[NEW] !== undefined && (
        <SubmitDialog query={route.query} onClose={() => goWith({ [NEW]: undefined, source: undefined, prefix: undefined })} />
      )}
      {help && <HelpDialog onClose={() => setHelp(false)} />}
      <div id={LIVE_REGION} class="unseen" role="status" aria-live="polite" />
    </>
  )
}

/** Said while the server is away: all that is seen is as old as this. */
function Away() {
  const { answers, answeredAt } = useSession()
  const now = useNow(answers ? 0 : 1000)
  if (answers) return null
  return (
    <p class="note away" role="status">
      <Icon name="offline" /> The server does not answer. What is shown was known {relative(answeredAt, Math.max(now, answeredAt))}; it is asked again every few
      seconds.
    </p>
  )
}

/** The fragment is the address: a plain link to #main would leave the page. */
function skipToMain(event: MouseEvent): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

function Page({ route }: { readonly route: Route }) {
  const [place = 'jobs', id] = route.path
  if (place === 'jobs') return id === undefined ? <JobsPage query={route.query} /> : <JobPage key={id} id={id} query={route.query} />
  if (place === 'collections') return id === undefined ? <CollectionsPage query={route.query} /> : <CollectionPage key={id} id={id} query={route.query} />
  if (place === 'tokens') return <TokensPage query={route.query} />
  if (place === 'system') return <SystemPage />
  return (
    <Empty title="There is no such page">
      <p>The address may have been cut off on its way.</p>
      <Button onClick={() => go(['jobs'])}>
        <Icon name="right" /> To the jobs
      </Button>
    </Empty>
  )
}
