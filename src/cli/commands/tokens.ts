import type { Command } from 'commander'
import { v7 as uuid } from 'uuid'
import { hashToken, mintToken, parseDuration } from '../../access/tokens.ts'
import { SCOPES, type Scope, type TokenRecord } from '../../model/access.ts'
import { allPages } from '../../model/page.ts'
import { note, print, printJson, printTable } from '../output.ts'
import { checked, parseLabel, parseScopes, parseSubject, required } from '../values.ts'
import { administrate, type DataOptions, onDataDirectory } from './administration.ts'

interface CreateFlags extends DataOptions {
  readonly subject: string
  readonly scopes: readonly Scope[]
  readonly expires?: number
  readonly label?: string
}

/** `token create`, `token list`, `token revoke`. */
export function registerTokens(program: Command): void {
  const token = program.command('token').description('make, list and revoke access tokens')
  registerCreate(token)
  const list = onDataDirectory(token.command('list')).description('list the tokens (never their secrets)')
  list.option('--json', 'print each token as one line of JSON').action(async () => {
    await listTokens(list.opts<DataOptions & { readonly json?: true }>())
  })
  const revoke = onDataDirectory(token.command('revoke')).description('revoke a token at once').argument('<ID>', 'the id that `token list` shows')
  revoke.action(async (id: string) => {
    await administrate(revoke.opts<DataOptions>(), ledger => ledger.revokeToken(id))
    note(`Token ${id} is revoked.`)
  })
}

function registerCreate(token: Command): void {
  const create = onDataDirectory(token.command('create')).description('make an access token; it is printed once and only its hash is kept')
  required(create, '--subject <subject>', 'who it speaks for', parseSubject)
  required(create, '--scopes <list>', `what it may do: ${SCOPES.join(', ')}, separated by commas`, parseScopes)
    .option('--expires <duration>', 'how long it is good, such as 12h or 30d; without it: until it is revoked', checked(parseDuration))
    .option('--label <text>', 'what it is for, to know it again in the list', checked(parseLabel))
    .action(async () => {
      const flags = create.opts<CreateFlags>()
      const secret = mintToken()
      const expiresAt = flags.expires === undefined ? null : Date.now() + flags.expires
      const { subject, scopes, label = null } = flags
      const token = { id: uuid(), subject, scopes, label, expiresAt, hash: hashToken(secret) }
      await administrate(flags, ledger => ledger.createToken(token), true)
      await print(secret)
    })
}

async function listTokens(flags: DataOptions & { readonly json?: true }): Promise<void> {
  const tokens = await administrate(flags, async ledger => {
    const all: TokenRecord[] = []
    for await (const page of allPages(from => ledger.tokens({ limit: 1000, ...from }))) all.push(...page.items)
    return all
  })
  if (flags.json) for (const token of tokens) await printJson(shown(token))
  else await printTable(['ID', 'SUBJECT', 'SCOPES', 'LABEL', 'CREATED', 'EXPIRES', 'REVOKED'], tokens.map(rowOf))
}

function shown(token: TokenRecord): Record<string, unknown> {
  return { ...token, createdAt: timeOf(token.createdAt), expiresAt: timeOf(token.expiresAt), revokedAt: timeOf(token.revokedAt) }
}

function rowOf(token: TokenRecord): readonly string[] {
  const times = [timeOf(token.createdAt) ?? '', timeOf(token.expiresAt) ?? 'never', timeOf(token.revokedAt) ?? 'no']
  return [token.id, token.subject, token.scopes.join(','), token.label ?? '', ...times]
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
