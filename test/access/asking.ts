import type { TestServer } from '../support/server.ts'
import type { Row } from './table.ts'
import type { Things } from './stage.ts'

/** What came back, as far as a caller can tell one answer from another. */
export interface Told {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Headers that differ from answer to answer whatever was asked. */
const VARYING = new Set(['date', 'x-request-id', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'x-cmwell-rt'])

/** The URL of a row, with the names of the things in it. */
export function urlOf(row: Row, things: Things): string {
  const named: Readonly<Record<string, string>> = {
    collection: things.collection,
    job: things.job,
    subject: 'somebody',
    username: 'somebody',
    version: '1',
    number: '1',
    grant: 'set by the caller',
    code: 'unauthenticated',
    token: things.token,
    webhook: things.webhook,
  }
  const [owner = '', name = ''] = things.collection.split('/')
  const { id } = row.ask
  const value = (parameter: string): string => {
    if (parameter === 'owner') return owner
    if (parameter === 'name' && row.url.includes(':owner')) return name
    return named[parameter] ?? (id === undefined ? things.file : things[id])
  }
  // CM-Well's infotons are at paths that begin with their collection
  const wildcard = row.url === '/*' ? `${things.collection}/${things.file}` : things.file
  const path = row.url.replaceAll(/:(\w+)/g, (_match, parameter: string) => encodeURIComponent(value(parameter))).replace('*', wildcard)
  return path + (row.ask.query?.(things) ?? '')
}

/** Asks; a stream of events is broken off when its header has come. */
export async function ask(server: TestServer, row: Row, things: Things, token: string | null, url = urlOf(row, things), method = row.method): Promise<Told> {
  const body = row.ask.body?.(things)
  const typed = typeof body === 'object' ? { 'content-type': 'application/json' } : {}
  const answer = await fetch(server.url + url, {
    method,
    redirect: 'manual',
    headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...typed, ...row.ask.headers?.(things) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const headers = Object.fromEntries([...answer.headers].filter(([name]) => !VARYING.has(name)))
  if (headers['content-type'] !== 'text/event-stream') return { status: answer.status, headers, body: await answer.text() }
  await answer.body?.cancel()
  return { status: answer.status, headers, body: '' }
}

/** The answer with the names that the caller sent left out: they may come back. */
export function withoutEchoes(told: Told, things: Things): string {
  const names = Object.entries(things).sort(([, a], [, b]) => b.length - a.length) as [string, string][]
  const forms = names.flatMap(([name, value]) => [...new Set([value, encodeURIComponent(value), value.replace('/', '~')])].map(form => [name, form] as const))
  return forms.reduce((text, [name, form]) => text.replaceAll(form, `<${name}>`), JSON.stringify(told, null, 1))
}
