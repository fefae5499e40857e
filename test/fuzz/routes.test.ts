import fc from 'fast-check'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { urlOf } from '../access/asking.ts'
import { OWNER, Stages } from '../access/stage.ts'
import type { Things } from '../access/stage.ts'
import { TABLE, refusalsOf } from '../access/table.ts'
import type { Row } from '../access/table.ts'
import { startTestServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { PATIENCE_MS, fuzz } from './budget.ts'
import { changed, changes, cutUp, cuts, nastyText } from './nasty.ts'
import { expectAnswered, expectWell, shoot } from './target.ts'
import type { Shot } from './target.ts'

const RUNS = 20

let server: TestServer
let stages: Stages
let parameters: Readonly<Record<string, readonly string[]>>

beforeAll(async () => {
  server = await startTestServer({ sevenbridgesRequests: 1_000_000 })
  stages = new Stages(server)
  parameters = await documentedParameters()
})
afterAll(async () => {
  await expectWell(server)
  await server.close()
})

/** What one case does to a call that would be good: mostly to one part of it, so that the others do not keep it from getting far. */
const parts = {
  path: fc.record({ segment: fc.nat(8), text: nastyText, encoded: fc.boolean() }),
  query: fc.array(fc.tuple(fc.nat(40), nastyText), { minLength: 1, maxLength: 2 }),
  header: fc.array(fc.tuple(fc.nat(40), nastyText), { minLength: 1, maxLength: 2 }),
  json: changes,
  bytes: cuts,
  type: fc.constantFrom('application/json', 'application/x-ndjson', 'text/csv', 'text/plain', 'application/octet-stream', 'multipart/related', 'a', ''),
}
const only = <Name extends keyof typeof parts>(weight: number, ...names: Name[]): { weight: number; arbitrary: fc.Arbitrary<Twist> } => ({
  weight,
  arbitrary: fc.record(Object.fromEntries(names.map(name => [name, parts[name]]))) as fc.Arbitrary<Twist>,
})
const twist: fc.Arbitrary<Twist> = fc.oneof(
  only(3, 'path'),
  only(3, 'query'),
  only(3, 'header'),
  only(6, 'json'),
  only(2, 'bytes'),
  only(1, 'type'),
  only(2, 'json', 'query', 'header'),
)
type Twist = { readonly [Name in keyof typeof parts]?: (typeof parts)[Name] extends fc.Arbitrary<infer T> ? T : never }

/** Parameters and headers that some call or other reads, beside those that the OpenAPI document names. */
const QUERY = ['cursor', 'limit', 'offset', 'format', 'token', 'fields', 'version', 'alt', 'name', 'metadata.a', 'with-history', 'force', 'kind', 'select']
const HEADERS = [
  ...['if-match', 'if-none-match', 'if-range', 'range', 'prefer', 'idempotency-key', 'repr-digest', 'content-digest', 'last-event-id', 'accept'],
  ...['accept-encoding', 'content-encoding', 'content-type', 'authorization', 'x-sbg-auth-token', 'x-cm-well-token', 'x-cm-well-type', 'ercollectionid'],
  ...['x-metadata-only', 'x-forwarded-host', 'x-forwarded-proto', 'host', 'origin', 'cookie', 'expect', 'x-http-method-override', 'vaultid', 'te', 'upgrade'],
]

describe('every call, twisted', () => {
  const rows = TABLE.map((row, index): [string, Row] => [`${index}: ${row.method} ${row.url}`, row])

  it.each(rows)(
    '%s',
    async (_name, row) => {
      const things = await stages.make(refusalsOf(row.url).manner)
      const token = await stages.token(OWNER)
      await fuzz(RUNS, twist, async one => {
        const shot = twisted(row, things, token, one)
        expectAnswered(await shoot(server.url, shot), shot)
      })
    },
    PATIENCE_MS,
  )
})

function twisted(row: Row, things: Things, token: string, one: Twist): Shot {
  const body = bodyOf(row.ask.body?.(things), one)
  const typed = one.type ?? (typeof row.ask.body?.(things) === 'object' ? 'application/json' : null)
  const names = [...HEADERS]
  const nasty = (one.header ?? []).map(([index, text]): [string, string] => [names[index % names.length] ?? 'accept', headerText(text)])
  const headers = {
    authorization: `Bearer ${token}`,
    ...(typed === null || body === undefined ? {} : { 'content-type': typed }),
    ...row.ask.headers?.(things),
    ...Object.fromEntries(nasty),
  }
  return { method: row.method, target: targetOf(row, things, one), headers, ...(body === undefined ? {} : { body }) }
}

function bodyOf(plain: object | string | undefined, { json, bytes }: Twist): Buffer | undefined {
  if (plain === undefined && bytes === undefined) return undefined
  const value = typeof plain === 'object' && json !== undefined ? changed(plain, json) : plain
  const whole = Buffer.from(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
  return bytes === undefined ? whole : cutUp(whole, bytes)
}

/** A header's text as the bytes of its UTF-8, without the ends of lines, which would begin another header. */
function headerText(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replaceAll(/[\r\n\0]/g, '')
}

function targetOf(row: Row, things: Things, { path, query }: Twist): string {
  const [base = '', own] = urlOf(row, things).split('?')
  const segments = base.split('/')
  if (path !== undefined) segments[1 + (path.segment % (segments.length - 1))] = segmentText(path.text, path.encoded)
  const known = [...QUERY, ...(parameters[`${row.method} ${row.url}`] ?? [])]
  const nasty = (query ?? []).map(([index, text]) => `${known[index % known.length]}=${segmentText(text, true)}`)
  const all = [...(own === undefined ? [] : [own]), ...nasty].join('&')
  return `${segments.join('/')}${all === '' ? '' : `?${all}`}`
}

/** As a client would encode it, or as it is, but for what would end the request line. */
function segmentText(text: string, encoded: boolean): string {
  const bytes = Buffer.from(text)
  if (!encoded) return bytes.toString('latin1').replaceAll(/[\r\n\0 ]/g, '_')
  return [...bytes].map(byte => (/[\w.~-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`)).join('')
}

async function documentedParameters(): Promise<Record<string, string[]>> {
  type Operation = { readonly parameters?: readonly { readonly in: string; readonly name: string }[] }
  const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as { paths: Record<string, Record<string, Operation>> }
  const all = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { parameters: given = [] }]): [string, string[]] => [
      `${method.toUpperCase()} ${path.replace('{path}', '*').replaceAll(/\{(\w+)\}/g, ':$1')}`,
      given.filter(parameter => parameter.in === 'query').map(({ name }) => name),
    ]),
  )
  return Object.fromEntries(all)
}
