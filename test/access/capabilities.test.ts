import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { ask } from './asking.ts'
import { atRest } from './counted-calls.ts'
import { pictureOf } from './picture.ts'
import { CANARY, OWNER, Stages, SUBJECTS } from './stage.ts'
import { TABLE, refusalsOf } from './table.ts'
import type { Row } from './table.ts'

let server: TestServer
let stages: Stages

beforeAll(async () => {
  server = await startTestServer({ sevenbridgesRequests: 1_000_000 })
  stages = new Stages(server)
})
afterAll(async () => server.close())

function rowsFor(need: Row['need']): [string, Row][] {
  return TABLE.filter(row => row.need === need).map(row => [`${row.method} ${row.url}`, row])
}

/** The path and query of a signed URL, asked for by the owner. */
async function signed(url: string): Promise<string> {
  const answer = await fetch(server.url + url, { headers: { authorization: `Bearer ${await stages.token(OWNER)}` } })
  const link = new URL(((await answer.json()) as { url: string }).url)
  return link.pathname + link.search
}

describe('what is for whoever has a token', () => {
  it.each(rowsFor('token'))('%s tells a stranger nothing of what others have', async (_name, row) => {
    const things = await stages.lasting(refusalsOf(row.url).manner)
    const told = await ask(server, row, things, await stages.token(SUBJECTS.stranger, row.scopes))
    expect(JSON.stringify(told)).not.toContain(CANARY)
  })
})

describe('a signed URL', () => {
  it.each(rowsFor('signature'))('of %s is good for whoever has it, as it was signed and for that method only', async (_name, row) => {
    const things = await stages.make('project')
    const [url, other] =
      row.method === 'GET'
        ? [await signed(`/v2/files/${things.entity}/download_info`), 'PUT']
        : [await signed(`/v2/upload/multipart/${things.upload}/part/1`), 'GET']
    for (const token of [null, 'garbage', await stages.token(SUBJECTS.stranger)]) {
      expect((await ask(server, row, things, token, url)).status).toBe(row.ok)
    }
    await atRest(server.ledger)
    const before = pictureOf(server.data)
    const [path = '', query = ''] = url.split('?')
    const anothers = `${path.slice(0, path.lastIndexOf('/'))}/${Buffer.from(JSON.stringify([SUBJECTS.admin, things.collection, things.file, 1])).toString('base64url')}`
    const forged = [
      path,
      `${anothers}?${query}`,
      `${path}?${query.replace(/expires=(\d)/, 'expires=9$1')}`,
      `${path}?${query.replace(/signature=.../, 'signature=AAA')}`,
      `${path}?${query.replace(/signature=.*/, 'signature=')}`,
      `${path}?${query.replace(/&signature=.*/, '')}`,
    ]
    for (const one of forged) expect((await ask(server, row, things, null, one)).status, one).toBe(403)
    const wrongMethod = await fetch(server.url + url, { method: other, ...(other === 'PUT' ? { body: 'x' } : {}) })
    expect(wrongMethod.status).toBe(405)
    expect(pictureOf(server.data)).toEqual(before)
  })

  it('ends with the grant of the subject who asked for it', async () => {
    const things = await stages.make('project')
    const token = await stages.token(SUBJECTS.readonly)
    const info = await fetch(`${server.url}/v2/files/${things.entity}/download_info`, { headers: { authorization: `Bearer ${token}` } })
    const { url } = (await info.json()) as { url: string }
    expect((await fetch(url)).status).toBe(200)
    await server.ledger.removeGrant(things.collection, SUBJECTS.readonly)
    const refused = await fetch(url)
    expect([refused.status, (await refused.text()).includes(CANARY)]).toEqual([404, false])
  })
})

describe('a tracking id of CM-Well', () => {
  it.each(rowsFor('tracking'))('is good for %s by whoever has it, and no other id is', async (_name, row) => {
    const things = await stages.make('domain')
    const written = await fetch(`${server.url}/_in?format=ntriples&tracking`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await stages.token(OWNER)}`, 'content-type': 'text/plain' },
      body: `<http://${things.collection}/${CANARY}> <cmwell://meta/nn#a> "b" .\n`,
    })
    const id = written.headers.get('x-cm-well-tracking') ?? ''
    for (const token of [null, 'garbage', await stages.token(SUBJECTS.stranger)])
      expect((await ask(server, row, things, token, `/_track/${id}`)).status).toBe(row.ok)
    const guesses = [things.job, things.number, id.slice(0, -1), `${id.slice(0, 20)}${id[20] === 'A' ? 'B' : 'A'}${id.slice(21)}`, id.toLowerCase()]
    for (const guess of guesses) {
      const told = await ask(server, row, things, await stages.token(SUBJECTS.stranger), `/_track/${guess}`)
      expect([told.status, JSON.stringify(told).includes(CANARY)], guess).toEqual([410, false])
    }
  })
})

describe('an asynchronous job of Seven Bridges', () => {
  const kinds = TABLE.filter(({ method, url }) => method === 'POST' && url.startsWith('/v2/async/')).map((row): [string, Row] => [row.url, row])

  // by decision 16 the result says of an id, which cannot be guessed, that it is another's; it says nothing else of what has it
  it.each(kinds)('%s does nothing to what its submitter may not see, and tells nothing of it', async (_name, row) => {
    const things = await stages.make('project')
    const token = await stages.token(SUBJECTS.stranger, ['read', 'write'])
    const before = await entriesOf(things.collection)
    const { id } = JSON.parse((await ask(server, row, things, token)).body) as { id: string }
    await atRest(server.ledger)
    const answer = await fetch(`${server.url}${row.url}/${id}`, { headers: { authorization: `Bearer ${token}` } })
    const text = await answer.text()
    expect(JSON.parse(text)).toMatchObject({ state: 'FINISHED', failed_files: 1, completed_files: 0, result: [{ error: { status: 403 } }] })
    for (const hidden of [CANARY, things.collection, things.file]) expect(text).not.toContain(hidden)
    expect(await entriesOf(things.collection)).toEqual(before)
  })

  async function entriesOf(collection: string): Promise<unknown> {
    const owner = { subject: OWNER, scopes: new Set<never>(), tokenId: 'test' }
    return (await server.engine.entries.list(owner, collection, {}, { limit: 1000 })).items
  }
})
