import { useState } from 'preact/hooks'
import type { MintedTokenInfo, TokenInfo } from '../../../src/client/index.ts'
import { go, goWith } from '../../state/route.ts'
import { useSession } from '../../state/session.tsx'
import { useNow } from '../../state/use-now.ts'
import { PagesFrame, usePages } from '../../state/use-pages.tsx'
import { Button, Command, Empty, textOf, When } from '../../ui/bits.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { Icon } from '../../ui/icons.tsx'
import { SecretDialog } from '../../ui/secret.tsx'
import { StateBadge } from '../../ui/state.tsx'
import { NewTokenDialog } from './new-token.tsx'

const PAGE = 100

/** `#/tokens`: what one signs in with, oneself or a program; with the scope admin those of all. */
export function TokensPage({ query }: { readonly query: Readonly<Record<string, string>> }) {
  const { api, who, signOut } = useSession()
  const admin = who.scopes.includes('admin')
  const subject = admin ? (query['subject'] ?? '') : ''
  const pages = usePages<TokenInfo>('/v1/tokens', { subject, limit: PAGE }, { keep: 'tokens' })
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<MintedTokenInfo | null>(null)
  const [revoking, setRevoking] = useState<TokenInfo | null>(null)
  const now = useNow(10_000)
  const ended = query['ended'] === 'true'
  const shown = pages.rows.filter(token => ended || lives(token, now))
  const revoke = async (token: TokenInfo): Promise<void> => {
    await api.send('DELETE', `/v1/tokens/${encodeURIComponent(token.id)}`)
    if (token.current) signOut()
    else pages.reload()
  }
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Tokens</h1>
          <p class="muted">
            A token is what somebody, or a program, signs in with. {admin ? 'Yours has the scope admin, so here are those of all.' : 'Here are your own.'}
          </p>
        </div>
        <Button kind="main" icon="key" onClick={() => setMaking(true)}>
          New token
        </Button>
      </div>
      <div class="filters" role="search" aria-label="Tokens">
        {admin && (
          <div class="search">
            <Icon name="search" />
            <input
              type="search"
              aria-label="Subject"
              placeholder="Of this subject"
              value={subject}
              onChange={event => goWith({ subject: textOf(event).trim() })}
            />
          </div>
        )}
        <label class="check">
          <input type="checkbox" checked={ended} onChange={event => goWith({ ended: event.currentTarget.checked ? 'true' : undefined })} />
          <span>Also those that have ended</span>
        </label>
      </div>
      <PagesFrame pages={pages} empty={<NoTokens of={subject} hides={false} />}>
        {shown.length === 0 ? <NoTokens of={subject} hides /> : <TokenTable tokens={shown} now={now} subjects={admin} onRevoke={setRevoking} />}
      </PagesFrame>
      {making && (
        <NewTokenDialog
          onMade={token => {
            setMaking(false)
            setMade(token)
            pages.reload()
          }}
          onClose={() => setMaking(false)}
        />
      )}
      {made !== null && (
        <SecretDialog title="The new token" secret={made.token} onClose={() => setMade(null)}>
          <p class="muted">To use it from a shell:</p>
          <Command text={`WAYBILL_URL=${location.origin} WAYBILL_TOKEN=… ./waybill jobs`} />
        </SecretDialog>
      )}
      {revoking !== null && (
        <Confirm title="Revoke this token?" action="Revoke it" onConfirm={() => revoke(revoking)} onClose={() => setRevoking(null)}>
          <p>
            From now on the server refuses <strong>{revoking.label ?? revoking.id}</strong> of {revoking.subject}: whoever and whatever signs in with it stops
            working at once. This cannot be undone.
          </p>
          <p class="muted">Jobs that were started with it go on, and what was given to {revoking.subject} stays: other tokens of theirs are not touched.</p>
          {revoking.current && <p class="note">It is the token that you are signed in with: you will be signed out.</p>}
        </Confirm>
      )}
    </>
  )
}

/** `of`: whose tokens are asked for, empty for all that may be seen. */
function NoTokens({ of, hides }: { readonly of: string; readonly hides: boolean }) {
  return (
    <Empty title={hides ? 'None of the tokens is good any more' : of === '' ? 'No tokens here' : `No tokens of ${of}`}>
      {!hides && <p>Whoever signs in with a JWT has none here: its issuer keeps them, and not this server.</p>}
      {of !== '' && <Button onClick={() => go(['tokens'])}>Show all</Button>}
    </Empty>
  )
}

function lives({ revokedAt, expiresAt }: TokenInfo, now: number): boolean {
  return revokedAt === null && (expiresAt === null || new Date(expiresAt).getTime() > now)
}

interface TokenTableProps {
  readonly tokens: readonly TokenInfo[]
  readonly now: number
  readonly subjects: boolean
  readonly onRevoke: (token: TokenInfo) => void
}

function TokenTable({ tokens, now, subjects, onRevoke }: TokenTableProps) {
  return (
    <div class="table-frame plain-rows">
      <table>
        <thead>
          <tr>
            <th scope="col">Token</th>
            {subjects && (
              <th scope="col" class="wide-only">
                Subject
              </th>
            )}
            <th scope="col" class="wide-only">
              Scopes
            </th>
            <th scope="col">State</th>
            <th scope="col" class="wide-only">
              Made
            </th>
            <th scope="col">
              <span class="unseen">Revoke</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map(token => (
            <tr key={token.id}>
              <td class="job-name">
                <span class="path-whole">{token.label ?? <span class="muted">no label</span>}</span>
                <span class="code">{token.id}</span>
                <span class="narrow-only small">
                  {subjects && `${token.subject}: `}
                  {token.scopes.join(', ')}
                </span>
              </td>
              {subjects && <td class="path-whole wide-only">{token.subject}</td>}
              <td class="wide-only">{token.scopes.join(', ')}</td>
              <td>
                <TokenState token={token} now={now} />
              </td>
              <td class="wide-only nowrap">
                <When at={token.createdAt} />
              </td>
              <td class="number">
                {lives(token, now) && (
                  <Button kind="quiet" title={`Revoke ${token.label ?? token.id}`} onClick={() => onRevoke(token)}>
                    Revoke
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function TokenState({ token, now }: { readonly token: TokenInfo; readonly now: number }) {
  const { expiresAt, revokedAt, current } = token
  if (revokedAt !== null) {
    return (
      <span class="stack">
        <StateBadge look={{ icon: 'cancelled', word: 'Revoked', tone: 'away' }} />
        <span class="muted small">
          <When at={revokedAt} />
        </span>
      </span>
    )
  }
  const look = lives(token, now)
    ? ({ icon: 'done', word: current ? 'This session’s' : 'Active', tone: 'good' } as const)
    : ({ icon: 'pending', word: 'Expired', tone: 'calm' } as const)
  return (
    <span class="stack">
      <StateBadge look={look} />
      <span class="muted small">
        {expiresAt === null ? (
          'until it is revoked'
        ) : (
          <>
            ends <When at={expiresAt} />
          </>
        )}
      </span>
    </span>
  )
}
