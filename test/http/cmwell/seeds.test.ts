import { describe, expect, it } from 'vitest'
import { idOf, says, system, world } from './world.ts'

/** The id that the published document shows: it was never given out by any server. */
const SAMPLE_ID = 'SGVsbG8gV29ybGQ'
/** An id of the real server's form that nobody has (contract, section 2.1). */
const FORMED_ID = '1gAAdGVzdEFjdG9yfDE0OTAxMzA0ODU4MDU'

/** The subjects that the published document shows. */
const [FIRST, SECOND, THIRD, FOURTH] = [
  '/permid.org/1-42965572445',
  '/permid.org/1-42963422545',
  '/permid.org/1-22235545445',
  '/permid.org/1-54296574112',
] as const

describe('the published document of tracking', () => {
  const of = world()

  it('is answered line for line', async () => {
    await of().update(says(FOURTH, 'FN', 'before'), 'format=ntriples')
    const actual = await of().uuid(FOURTH)
    const expected = '8029b2df973dd216375a7c5a7761a2be'
    // a file without bytes is none: this one subject fails for good
    const failing = system(THIRD, 'mimeType', '"text/plain"')
    const document = says(FIRST, 'FN', 'a') + says(SECOND, 'FN', 'b') + failing + system(FOURTH, 'prevUUID', `"${expected}"`) + says(FOURTH, 'FN', 'after')

    const answer = await of().in('format=ntriples&tracking', document)
    expect([answer.status, answer.headers.get('content-type'), JSON.parse(answer.body)]).toMatchObject([
      200,
      'application/json; charset=utf-8',
      { success: true },
    ])
    const id = idOf(answer)
    await of().tracked(id)

    const tracked = await of().get(`/_track/${id}`, { as: null })
    expect(tracked.status).toBe(200)
    expect(tracked.headers.get('x-cm-well-tracking')).toBe('Done')
    expect(tracked.body.split('\n').toSorted()).toEqual(
      [
        '',
        `<http://permid.org/1-42965572445> <cmwell://meta/nn#trackingStatus> "Done" .`,
        `<http://permid.org/1-42963422545> <cmwell://meta/nn#trackingStatus> "Done" .`,
        `<http://permid.org/1-22235545445> <cmwell://meta/nn#trackingStatus> "Failed" .`,
        `<http://permid.org/1-54296574112> <cmwell://meta/nn#trackingStatus> "Evicted(expected:${expected},actual:${actual})" .`,
      ].toSorted(),
    )
  })

  it('shows what is still being processed', async () => {
    await of().server.engine.stop()
    const id = idOf(await of().in('format=ntriples&tracking', says(FIRST, 'FN', 'later') + says(SECOND, 'FN', 'later')))
    const tracked = await of().get(`/_track/${id}`, { as: null })
    expect([tracked.status, tracked.headers.get('x-cm-well-tracking'), tracked.body.split('\n').toSorted()]).toEqual([
      200,
      null,
      [
        '',
        `<http:/${SECOND}> <cmwell://meta/nn#trackingStatus> "InProgress" .`,
        `<http:/${FIRST}> <cmwell://meta/nn#trackingStatus> "InProgress" .`,
      ].toSorted(),
    ])
  })

  it('gives the id in the header of the document and in that of the server', async () => {
    const answer = await of().in('format=ntriples&tracking', says(FIRST, 'FN', 'a'))
    expect(answer.headers.get('x-cm-well-tid')).toBe(idOf(answer))
    const without = await of().in('format=ntriples', says(FIRST, 'FN', 'a'))
    expect([without.status, without.headers.get('x-cm-well-tracking'), without.headers.get('x-cm-well-tid')]).toEqual([200, null, null])
  })

  it('answers 410 for an invalid or an obsolete id', async () => {
    for (const id of [SAMPLE_ID, FORMED_ID, 'yada-yada-yada', '%20', 'x'.repeat(2000)]) {
      const answer = await of().get(`/_track/${id}`, { as: null })
      expect([answer.status, answer.body, answer.headers.get('x-cm-well-tracking')], id).toEqual([
        410,
        '{"success":false,"error":"This tracking ID was never created or its tracked request has been already completed"}',
        null,
      ])
    }
  })

  it('returns no header when the request cannot be processed', async () => {
    for (const [query, body, as, status] of [
      ['format=ntriples&tracking', '<http://permid.org/1> oops .', 'alice', 400],
      ['format=ntriples&tracking&blocking', says('/permid.org/1', 'FN', 'a'), null, 403],
      ['format=ntriples&tracking', '', 'alice', 422],
      ['format=ntriples&tracking&dry-run', says('/permid.org/1', 'FN', 'a'), 'alice', 200],
    ] as const) {
      const answer = await of().in(query, body, { as })
      expect([answer.status, answer.headers.get('x-cm-well-tracking'), answer.headers.get('x-cm-well-tid')], query).toEqual([status, null, null])
    }
  })
})

describe('a server that does as the real server does', () => {
  const of = world({ cmwellCompat: 'server' })

  it('has the predicate on the host that was asked', async () => {
    const blocking = await of().in('format=ntriples&blocking', says(FIRST, 'FN', 'a'))
    const line = `<http:/${FIRST}> <http://${of().host}/meta/nn#trackingStatus> "Done" .\n`
    expect([blocking.status, blocking.body]).toEqual([200, line])
    const tracked = await of().get(`/_track/${idOf(blocking)}`, { as: null })
    expect([tracked.status, tracked.headers.get('x-cm-well-tracking'), tracked.body]).toEqual([200, 'Done', line])
  })

  it('tells what never was an id from one that is over', async () => {
    // what is no base64, has a wrong check byte, no "|", or a time that is no number (contract, section 2.1)
    for (const id of [SAMPLE_ID, 'yada-yada-yada', '6QAAbm9kZWxpbQ', 'BgAAaWR8bm90LWEtbG9uZw']) {
      const answer = await of().get(`/_track/${id}`, { as: null })
      expect([answer.status, answer.body], id).toEqual([400, '{"success":false,"error":"Invalid trackingID"}'])
    }
    for (const id of [FORMED_ID, 'CAAAdGVzdEFjdG9yMnwxNDkwMjYyMzkwNTYx', 'XwAAZ29uZVRlc3RBY3RvcnwxNDkwMTMwNDg1ODA1']) {
      expect((await of().get(`/_track/${id}`, { as: null })).status, id).toBe(410)
    }
  })

  it('gives the same headers', async () => {
    const answer = await of().in('format=ntriples&tracking', says(FIRST, 'FN', 'b'))
    expect(answer.headers.get('x-cm-well-tid')).toBe(idOf(answer))
  })
})
