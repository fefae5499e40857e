import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { registeredRoutes } from '../support/contract/watch-servers.ts'
import { startTestServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { ROLES } from '../../src/model/collection.ts'
import type { Role } from '../../src/model/collection.ts'
import { ask, urlOf } from './asking.ts'
import { atRest } from './counted-calls.ts'
import { pictureOf } from './picture.ts'
import { CANARY, OUTSIDERS, OWNER, Stages, SUBJECTS } from './stage.ts'
import type { Subject } from './stage.ts'
import { hasThing, isRole, nameOf, TABLE, refusalsOf } from './table.ts'
import type { Row } from './table.ts'

let server: TestServer
let stages: Stages

beforeAll(async () => {
  server = await startTestServer({ sevenbridgesRequests: 1_000_000 })
  stages = new Stages(server)
  await stages.settleTenant()
})
afterAll(async () => server.close())

const MEMBERS: readonly Subject[] = ['readonly', 'readwrite', 'admin', 'owner']

/** What a row says of a member of the collection: may they, and if not, do they see at all what they ask for? */
function verdictOf({ need }: Row, member: Subject): 'may' | 'weak' | 'hidden' {
  if (need === 'own') return member === 'owner' ? 'may' : 'hidden'
  if (need === 'job') return member === 'owner' || member === 'admin' ? 'may' : 'hidden'
  if (!isRole(need)) return 'may'
  return ROLES.indexOf(member as Role) >= ROLES.indexOf(need) ? 'may' : 'weak'
}

describe('every route of every dialect', () => {
  it('is in the table of who may call it, and the table has no other', () => {
    // the console's files are there only once it is built, most under names that change with each build; they are the page's own, and open
    const isOfConsole = (url: string): boolean => url === '/console/worker.js' || url.startsWith('/console/assets/')
    const served = registeredRoutes().filter(({ method, url, refusesMethod }) => !refusesMethod && method !== 'HEAD' && !isOfConsole(url))
    // what stands in parentheses is what a parameter may be
    const routes = [...new Set(served.map(({ method, url }) => `${method} ${url.replace(/\(.*\)$/, '')}`))].sort()
    const classified = [...new Set(TABLE.map(({ method, url }) => `${method} ${url}`))].sort()
    expect(classified).toEqual(routes)
  })

  it('that the OpenAPI document describes is there, and needs a token exactly where it says so', async () => {
    const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as { paths: Record<string, Record<string, { security?: object[] }>> }
    const documented = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { security }]) => `${method.toUpperCase()} ${path} ${security === undefined ? 'open' : 'token'}`),
    )
    const inTable = TABLE.map(
      ({ method, url, need }) => `${method} ${url.replace('*', '{path}').replaceAll(/:(\w+)/g, '{$1}')} ${need === 'open' ? 'open' : 'token'}`,
    )
    expect(documented.filter(name => !inTable.includes(name))).toEqual([])
  })
})

const secured = TABLE.map((row, index): [string, Row] => [nameOf(row, index), row]).filter(([, { need }]) => !['signature', 'tracking'].includes(need))

describe.each(secured)('%s', (_name, row) => {
  const refusals = refusalsOf(row.url)

  it('is refused to whoever may not, which changes nothing', async () => {
    const things = await stages.lasting(refusals.manner)
    const open = row.need === 'open'
    const tokens = await tokensFor(row)
    await atRest(server.ledger)
    const before = pictureOf(server.data)
    const statuses: Record<string, number> = {}
    const wanted: Record<string, number> = {}
    const tryOut = async (caller: string, token: string | null, status: number): Promise<void> => {
      const told = await ask(server, row, things, token)
      const succeeded = row.ask.granted?.(told.body) === true
      statuses[caller] = succeeded ? -1 : told.status
      wanted[caller] = status
      expect(mentions(told), `${caller} is told what is hidden: ${JSON.stringify(told)}`).toBe(hasThing(row) && MEMBERS.includes(caller as Subject))
    }
    const unauthenticated = open ? row.ok : refusals.unauthenticated
    await tryOut('nobody', null, unauthenticated)
    await tryOut('garbage', 'wb_garbage', unauthenticated)
    await tryOut('expired', tokens.expired, unauthenticated)
    await tryOut('revoked', tokens.revoked, unauthenticated)
    for (const [missing, token] of tokens.without) await tryOut(`without ${missing}`, token, refusals.scope)
    const perThing = row.ask.granted !== undefined
    for (const member of MEMBERS) {
      const verdict = verdictOf(row, member)
      if (verdict === 'may') continue
      const told = await ask(server, row, things, tokens.of[member])
      statuses[member] = row.ask.granted?.(told.body) === true ? -1 : told.status
      wanted[member] = perThing ? row.ok : refusals[verdict]
    }
    if (hasThing(row)) {
      for (const outsider of OUTSIDERS)
        await tryOut(outsider, tokens.of[outsider], perThing ? row.ok : row.ask.conceals === false ? refusals.weak : refusals.hidden)
    }
    expect(statuses).toEqual(wanted)
    expect(pictureOf(server.data)).toEqual(before)
  })

  it('is there for whoever may, with no more scopes than it says', async () => {
    const callers = row.need === 'open' ? [] : MEMBERS.filter(member => verdictOf(row, member) === 'may')
    const statuses: [string, number, boolean][] = []
    for (const caller of callers) {
      const things = await (row.method === 'GET' ? stages.lasting(refusals.manner) : stages.make(refusals.manner))
      const told = await ask(server, row, things, await stages.token(SUBJECTS[caller], row.scopes))
      statuses.push([caller, told.status, row.ask.granted?.(told.body) ?? true])
    }
    expect(statuses).toEqual(callers.map(caller => [caller, row.ok, true]))
  })
})

describe('HEAD', () => {
  const gets = secured.filter(([, { method, url }]) => method === 'GET' && !url.endsWith('/events'))

  it.each(gets)('is answered as GET by %s', async (_name, row) => {
    const refusals = refusalsOf(row.url)
    const things = await stages.lasting(refusals.manner)
    for (const caller of ['owner', 'stranger'] as const) {
      const token = await stages.token(SUBJECTS[caller], row.scopes)
      const told = await ask(server, row, things, token)
      const head = await ask(server, row, things, token, urlOf(row, things), 'HEAD')
      expect({ status: head.status, body: head.body }, caller).toEqual({ status: told.status, body: '' })
    }
    expect((await ask(server, row, things, null, urlOf(row, things), 'HEAD')).status).toBe(row.need === 'open' ? row.ok : refusals.unauthenticated)
  })
})

/** What a row is tried with: made before, for tokens are kept in the ledger, too. */
async function tokensFor({ scopes }: Row): Promise<{
  readonly expired: string
  readonly revoked: string
  readonly without: readonly (readonly [string, string])[]
  readonly of: Readonly<Record<Subject, string>>
}> {
  const of = await Promise.all((Object.keys(SUBJECTS) as Subject[]).map(async subject => [subject, await stages.token(SUBJECTS[subject], scopes)] as const))
  const without = await Promise.all(scopes.map(async missing => [missing, await stages.token(OWNER, othersThan(missing))] as const))
  const tokens = { expired: await stages.expiredToken(scopes), revoked: await stages.revokedToken(scopes) }
  return { ...tokens, without, of: Object.fromEntries(of) as Record<Subject, string> }
}

/** Scopes that a token may have beside the one that it lacks. */
function othersThan(missing: string): ('read' | 'write' | 'apollo_read' | 'apollo_write')[] {
  return (['read', 'write', 'apollo_read', 'apollo_write'] as const).filter(scope => scope !== missing)
}

function mentions({ body, headers }: { readonly body: string; readonly headers: object }): boolean {
  return (body + JSON.stringify(headers)).includes(CANARY)
}
