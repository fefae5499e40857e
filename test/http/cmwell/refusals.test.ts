import { describe, expect, it } from 'vitest'
import { SYS, VCARD, XSD, says, system, world } from './world.ts'

const of = world()
const S = '/refused.org/s'
const GOOD = says(S, 'FN', 'x')
const UUID = 'a'.repeat(32)

interface Row {
  readonly what: string
  readonly query?: string
  readonly body: string
  readonly status?: number
  /** What the error says, or, in plain text, the whole answer. */
  readonly says: RegExp
  readonly member?: 'error' | 'message' | 'text'
}

const TRUE = `"true"^^<${XSD}boolean>`

/** The rows of the contract's table 1.4 that one request can show. */
const ROWS: readonly Row[] = [
  { what: 'a syntax error', body: `${GOOD}<http://x.org/s> oops .`, says: /^\[line: 2, col: \d+ \] / },
  { what: 'an empty document of JSON-LD', query: 'format=jsonld', body: '', says: /^\[line: 1, col: \d+ \] / },
  { what: 'an empty document of RDF/XML', query: 'format=rdfxml', body: '', says: /^\[line: 1, col: \d+ \] / },
  ...['ntriples', 'nquads', 'turtle', 'n3', 'trig'].map((format): Row => ({
    what: `an empty document of ${format}`,
    query: `format=${format}`,
    body: '',
    status: 422,
    member: 'text',
    says: /^ingested data was well formed, but is meaningless and has no affect\. error logged with id \[[^\]]+\]\.$/,
  })),
  { what: 'a path alone', body: system(S, 'path', '"/x"'), status: 422, member: 'text', says: /^ingested data was well formed/ },
  { what: 'a prevUUID alone', body: system(S, 'prevUUID', `"${UUID}"`), status: 422, member: 'text', says: /^ingested data was well formed/ },
  { what: 'another scheme', body: `<ftp://refused.org/s> <${VCARD}FN> "x" .`, says: /^URI must be http:\/\/\* or https:\/\/\* or cmwell:\/\/\*\. / },
  { what: 'a URN', body: `<urn:x:s> <${VCARD}FN> "x" .`, says: /^URI must be http:\/\/\*/ },
  ...['$', '?', '&', '=', '@', '(', ')', ';', '!', '*', '~'].map((char): Row => ({
    what: `a subject with ${char}`,
    body: says(`${S}${char}x`, 'FN', 'x'),
    says: /^illegal subject name: refused\.org\/s/,
  })),
  { what: 'a subject with a relative segment', body: says(`/refused.org/a/../b`, 'FN', 'x'), says: /^illegal subject name: / },
  { what: 'a first segment that no domain can have', body: `<cmwell://a%20b/c> <${VCARD}FN> "x" .`, says: /^illegal subject name: / },
  ...['_in', '_x/y', 'ii', `ii/${UUID}`, 'zz', 'zz/x', 'proc', 'proc/node'].map((path): Row => ({
    what: `the path /${path}`,
    body: `<cmwell://${path}> <${VCARD}FN> "x" .`,
    says: /^requirement failed: one or more subjects in the document are not valid/,
  })),
  { what: 'a predicate without a local name', body: `<http:/${S}> <http://x.org/ns/1> "x" .`, says: /^requirement failed: illegal predicate localName: 1, / },
  { what: 'a predicate without a namespace', query: 'format=turtle', body: `<http:/${S}> <name> "x" .`, says: /name/ },
  { what: 'a namespace with a dollar', body: `<http:/${S}> <http://x.org/$/p> "x" .`, says: /dollar/ },
  { what: 'a value of more than 16K', body: says(S, 'FN', 'ü'.repeat(8193)), says: /^uploaded infoton, contains a value heavier than 16K\.$/ },
  {
    what: 'a prevUUID that is none',
    body: GOOD + system(S, 'prevUUID', '"A1"'),
    says: /^requirement failed: invalid uuid supplied for path: \[\/refused\.org\/s\] and predicate prevUUID$/,
  },
  { what: 'a prevUUID in capitals', body: GOOD + system(S, 'prevUUID', `"${'A'.repeat(32)}"`), says: /^requirement failed: invalid uuid supplied/ },
  {
    what: 'a prevUUID of a blank node',
    body: `_:b <${VCARD}FN> "x" .\n_:b <${SYS}prevUUID> "" .`,
    says: /^requirement failed: prevUUID predicates can't operate on anonymous subjects\.$/,
  },
  {
    what: 'two prevUUIDs of one path in two graphs',
    query: 'format=nquads',
    body: `${GOOD}<http:/${S}> <${SYS}prevUUID> "${UUID}" <http://g/1> .\n<http:/${S}> <${SYS}prevUUID> "${'b'.repeat(32)}" <http://g/2> .`,
    says: /^Atomic versioning must be unique per path\. /,
  },
  {
    what: 'a prevUUID of what is deleted and written',
    body: GOOD + system(S, 'fullDelete', `"false"^^<${XSD}boolean>`) + system(S, 'prevUUID', `"${UUID}"`),
    says: /^requirement failed: atomic updates cannot operate on multiple actions in a single ingest\.$/,
  },
  { what: 'a misspelt prevUUID', body: GOOD + system(S, 'prevUUId', `"${UUID}"`), says: /prevUUId.*prevUUID/ },
  { what: 'a markDelete of a literal', body: system(S, 'markDelete', '"x"'), says: /markDelete/ },
  {
    what: 'a markDelete of the system',
    query: 'format=turtle',
    body: `<http:/${S}> <${SYS}markDelete> [ <${SYS}uuid> "x" ] .`,
    says: /^requirement failed: sys fields not allowed for markDelete/,
  },
  {
    what: 'a markReplace of what is no field',
    body: system(S, 'markReplace', '<http://x.org/ns/1>'),
    says: /^CM-Well could not resolve predicate \[http:\/\/x\.org\/ns\/1\]/,
  },
  {
    what: 'a markReplace of what is no address',
    body: system(S, 'markReplace', '"FN"'),
    says: /^requirement failed: the url: FN is not a valid predicate url for ingest\.$/,
  },
  { what: 'a fullDelete that is no boolean', body: system(S, 'fullDelete', '"perhaps"'), says: /boolean/ },
  { what: 'a replaceGraph of all', query: 'format=ntriples', body: `<> <${SYS}replaceGraph> <*> .`, says: /naughty/ },
  {
    what: 'more than twenty replaceGraphs',
    body: Array.from({ length: 21 }, (_, n) => `<> <${SYS}replaceGraph> <http://g/${n}> .\n`).join(''),
    says: /^requirement failed: maximum allowed `replaceGraph` statements per request exceeded \(21 > 20\)\.$/,
  },
  { what: 'an operation that is none', body: `<> <${SYS}fullDelete> ${TRUE} .`, says: /fullDelete/ },
  {
    what: 'the deletion of the root',
    body: `<cmwell://> <${SYS}fullDelete> ${TRUE} .`,
    member: 'message',
    says: /^Deleting Root Infoton does not make sense!$/,
  },
  {
    what: 'a priority without the right to it',
    query: 'format=ntriples&priority',
    body: GOOD,
    status: 403,
    member: 'message',
    says: /^User not authorized for priority write$/,
  },
  { what: 'jsonw that is no JSON', query: 'format=jsonw', body: '{"type":', says: /JSON/ },
  { what: 'jsonw without a path', query: 'format=jsonw', body: '{"type":"ObjectInfoton"}', says: /system\.path/ },
  { what: 'an alias that nobody gave', query: 'format=ntriples&replace-mode=none', body: GOOD, status: 422, says: /none/ },
  { what: 'a format that is not there', query: 'format=trix', body: GOOD, says: /^Your request should contains either format param/ },
]

describe('a request is refused for', () => {
  for (const { what, query = 'format=ntriples', body, status = 400, says: words, member = 'error' } of ROWS) {
    it(what, async () => {
      const answer = await of().in(`${query}&tracking&blocking`, body)
      expect(answer.status, answer.body).toBe(status)
      expect([answer.headers.get('x-cm-well-tracking'), answer.headers.get('x-cm-well-tid')]).toEqual([null, null])
      if (member === 'text') {
        expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
        expect(answer.body).toMatch(words)
      } else {
        expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
        expect(JSON.parse(answer.body)).toEqual({ success: false, [member]: expect.stringMatching(words) as string })
      }
      // nothing at all is stored, and no domain is left behind
      const { items } = (await (await of().server.call('alice', 'GET', '/v1/collections')).json()) as { items: unknown[] }
      expect(items).toEqual([])
      const jobs = (await (await of().server.call('alice', 'GET', '/v1/jobs')).json()) as { items: unknown[] }
      expect(jobs.items).toEqual([])
    })
  }
})
