import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { PATIENCE_MS, fuzz } from './budget.ts'
import { cutUp, cuts, nastyText } from './nasty.ts'
import { expectAnswered, expectWell, shoot } from './target.ts'
import type { Shot } from './target.ts'

const RUNS = 60

let server: TestServer
let token: string
/** What documents refer to; nobody may ask there. */
let elsewhere: Server
let asked = 0

beforeAll(async () => {
  server = await startTestServer()
  token = await server.token('alice')
  elsewhere = createServer((_request, response) => {
    asked += 1
    response.end('{}')
  })
  await new Promise<void>(resolve => elsewhere.listen(0, '127.0.0.1', resolve))
  await server.call('alice', 'POST', '/v1/collections', { id: 'c' })
  for (const path of ['a', 'b', 'd/e']) await server.call('alice', 'PUT', `/v1/collections/c/entries/${path}`, path)
})
afterAll(async () => {
  expect(asked, 'requests to where a document referred to').toBe(0)
  await expectWell(server)
  elsewhere.close()
  await server.close()
})

interface Kind {
  readonly what: string
  readonly target: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Good documents, which the cases are made from. ELSEWHERE stands for an address where nobody may ask. */
  readonly documents: readonly string[]
}

const RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:v="http://v.example/"'
const LAUGHS = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')
const PART =
  'Content-Type: application/json; charset=UTF-8\r\n\r\n{"file_name":"m.txt","file_description":"d","file_size":4,"file_type":"txt","file_rating":"1","max-age":5}'

const KINDS: readonly Kind[] = [
  rdf('ntriples', [
    '<http://f.example/s> <http://v.example/p> "x\\n\\u00e9"^^<http://www.w3.org/2001/XMLSchema#string> .\n_:b <http://v.example/p> "y"@en .\n',
  ]),
  rdf('nquads', ['<http://f.example/s> <http://v.example/p> <http://f.example/o> <http://g.example/> .\n# a comment\n']),
  rdf('turtle', [
    '@prefix v: <http://v.example/> .\n@base <http://f.example/> .\n<s> a v:T ; v:p 1, 1.5e3, true, """long\ntext""", ( 1 [ v:q _:b ] ) .\n',
    'PREFIX v: <ELSEWHERE/ns#>\nBASE <ELSEWHERE/>\n<http://f.example/s> v:p "x"@en-GB .\n',
  ]),
  rdf('n3', ['@prefix v: <http://v.example/> . <http://f.example/s> v:p { <http://a.example/> v:q 1 } . @forAll :x . v:a => v:b . v:c = v:d .\n']),
  rdf('trig', ['@prefix v: <http://v.example/> . <http://g.example/> { <http://f.example/s> v:p "x" . } GRAPH v:g { <http://f.example/s> v:p 2 . }\n']),
  rdf('rdfxml', [
    `<?xml version="1.0" encoding="UTF-8"?><rdf:RDF ${RDF}><rdf:Description rdf:about="http://f.example/s" v:a="1"><v:p rdf:parseType="Collection"><rdf:li/></v:p><v:q xml:lang="en">x&amp;y<![CDATA[<z>]]></v:q></rdf:Description></rdf:RDF>`,
    `<!DOCTYPE rdf:RDF SYSTEM "ELSEWHERE/a.dtd" [<!ENTITY % x SYSTEM "ELSEWHERE/x"> %x; <!ENTITY y SYSTEM "ELSEWHERE/y"><!ENTITY l0 "ha">${LAUGHS}]><rdf:RDF ${RDF}><rdf:Description rdf:about="http://f.example/s"><v:p>&y;&l9;</v:p></rdf:Description></rdf:RDF>`,
  ]),
  rdf('jsonld', [
    '{"@context":{"v":"http://v.example/","n":{"@id":"v:n","@type":"@id"}},"@graph":[{"@id":"http://f.example/s","@type":"v:T","n":"http://o.example/","v:p":[1,1.5,true,{"@value":"x","@language":"en"},{"@list":[1,2]}]}]}',
    '{"@context":["ELSEWHERE/context",{"@import":"ELSEWHERE/import","@vocab":"ELSEWHERE/"}],"@id":"http://f.example/s","@included":[{"@context":"ELSEWHERE/inner"}],"name":"x"}',
  ]),
  rdf('jsonw', ['{"type":"BagOfInfotons","infotons":[{"type":"ObjectInfoton","system":{"path":"/f.example/s"},"fields":{"FN.vcard":["x",1,true,null]}}]}']),
  {
    what: 'operations of CM-Well',
    target: '/_in?format=turtle&tracking&replace-mode',
    documents: [
      '@prefix sys: <cmwell://meta/sys#> .\n<http://f.example/s> sys:markDelete [ <http://v.example/p> 1 ] ; sys:markReplace <*> ; sys:prevUUID "" .\n<http://f.example/t> sys:fullDelete "true"^^<http://www.w3.org/2001/XMLSchema#boolean> .\n<http://f.example/u> sys:type "FileInfoton" ; sys:mimeType "text/plain" ; sys:base64-data "eA==" .\n',
    ],
  },
  {
    what: 'an NDJSON manifest',
    target: '/v1/jobs?kind=copy',
    headers: { 'content-type': 'application/x-ndjson' },
    documents: [
      '{"source":{"collection":"c","path":"a","ifMatch":"0123456789abcdef0123456789abcdef"},"destination":{"collection":"c","path":"x/a","ifNoneMatch":"*"}}\n{"source":{"collection":"c","path":"b","version":1},"destination":{"collection":"c"}}\n',
    ],
  },
  {
    what: 'a CSV manifest',
    target: '/v1/jobs?kind=copy',
    headers: { 'content-type': 'text/csv; charset=utf-8; header=present' },
    documents: [
      'sourceCollection,sourcePath,destinationCollection,destinationPath,sourceIfMatch,destinationIfMatch\r\nc,a,c,"x,""y""\nz",,\r\nc,b,c,x/b,0123456789abcdef0123456789abcdef,*\r\n',
    ],
  },
  {
    what: 'a CSV manifest of updates',
    target: '/v1/jobs?kind=update',
    headers: { 'content-type': 'text/csv' },
    documents: ['sourceCollection,sourcePath,fields\nc,a,"{""k"":[1,{""d"":null}]}"\n'],
  },
  {
    what: 'a job as JSON, as text',
    target: '/v1/jobs',
    headers: { 'content-type': 'application/json' },
    documents: [
      '{"kind":"copy","items":[{"source":{"collection":"c","path":"a"},"destination":{"collection":"c","path":"t"}}],"select":[{"source":{"collection":"c","prefix":"d/","glob":"**/*"},"destination":{"collection":"c","prefix":"e/"}}],"conflict":"version","verify":"digest","dryRun":false,"priority":5,"label":"l"}',
      '{"kind":"delete","kind":"copy","__proto__":{"kind":"delete"},"constructor":{"prototype":{"x":1}},"items":[{"source":{"collection":"c","path":"a","path":"b"}}]}',
    ],
  },
  {
    what: 'an upload of Apollo in two parts',
    target: '/apollo/files/upload/m.txt',
    method: 'PUT',
    headers: { 'content-type': 'multipart/related; boundary="b"; type="application/json"', ercollectionid: 'c', 'x-metadata-only': 'false' },
    documents: [
      `--b\r\n${PART}\r\n--b\r\nContent-Type: text/plain\r\n\r\nabcd\r\n--b--\r\n`,
      `preamble\r\n--b\r\n${PART}\r\n--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\r\nZA==\r\n--b--\r\nepilogue`,
    ],
  },
  {
    what: 'a copy of Apollo',
    target: '/apollo/files/copy',
    headers: { 'content-type': 'application/json' },
    documents: ['{\t"copyFileCollectionData":[{"sourceCollectionId":"c","destinationCollectionId":"c","fileName":"a"}]}'],
  },
  {
    what: 'an asynchronous job of Seven Bridges',
    target: '/v2/async/files/copy',
    headers: { 'content-type': 'application/json' },
    documents: ['{"items":[{"file":"568cf5dce4b0307bc0462060","project":"alice/p","parent":"","name":"n"},{"file":"root~alice~p","parent":"x"}]}'],
  },
]

function rdf(format: string, documents: readonly string[]): Kind {
  return { what: `RDF as ${format}`, target: `/_in?format=${format}&tracking`, documents }
}

describe('documents that are cut up', () => {
  it.each(KINDS.map((kind): [string, Kind] => [kind.what, kind]))(
    '%s',
    async (_what, { target, method = 'POST', headers = {}, documents }) => {
      const { port } = elsewhere.address() as AddressInfo
      const whole = documents.map(text => Buffer.from(text.replaceAll('ELSEWHERE', `http://127.0.0.1:${port}`)))
      await fuzz(RUNS, fc.tuple(fc.nat(whole.length - 1), fc.option(cuts, { nil: [] })), async ([index, made]) => {
        const body = cutUp(whole[index] ?? Buffer.alloc(0), made)
        const shot: Shot = { method, target, headers: { authorization: `Bearer ${token}`, ...headers }, body }
        const hit = await shoot(server.url, shot)
        expectAnswered(hit, shot)
        expect(hit.status, hit.text).not.toBe(401)
      })
    },
    PATIENCE_MS,
  )
})

describe('cursors', () => {
  const LISTS = [
    ...['/v1/collections?cursor=', '/v1/collections/c/entries?cursor=', '/v1/collections/c/entries?delimiter=/&cursor=', '/v1/collections/c/grants?cursor='],
    ...['/v1/collections/c/versions/a?cursor=', '/v1/jobs?cursor=', '/v1/whoami?cursor=', '/v1/jobs/JOB/items?cursor=', '/v1/events?lastEventId='],
    ...['/apollo/status/logs?startTime=2020-01-01T00:00:00Z&continuationToken=', '/v2/files?project=alice/p&offset=', '/v2/async/files?offset='],
  ]
  const token64 = (value: unknown): string => Buffer.from(JSON.stringify(value) ?? '').toString('base64url')
  const cursor = fc.oneof(
    nastyText,
    fc.jsonValue().map(token64),
    nastyText.map(token64),
    fc.constantFrom(
      token64(2 ** 53),
      token64(-1),
      token64(1e308),
      token64('\ud800'),
      token64(['c', 1]),
      token64({ number: 1, seq: -1, cursor: 'x', total: -1 }),
    ),
    fc.base64String(),
  )

  it.each(LISTS)(
    '%s',
    async list => {
      const copy = { kind: 'copy', items: [{ source: { collection: 'c', path: 'a' }, destination: { collection: 'c', path: 'cursor' } }] }
      const { id } = (await (await server.call('alice', 'POST', '/v1/jobs', copy, { prefer: 'wait=30' })).json()) as { id: string }
      await fuzz(RUNS, cursor, async text => {
        const target = list.replace('JOB', id) + encodeURIComponent(text.toWellFormed())
        const shot: Shot = { method: 'GET', target, headers: { authorization: `Bearer ${token}`, ercollectionid: 'c' } }
        expectAnswered(await shoot(server.url, shot), shot)
      })
    },
    PATIENCE_MS,
  )
})

describe('conditions, ranges and preferences', () => {
  const pieces = fc.constantFrom(
    ...[
      '"',
      'W/"',
      '*',
      ',',
      ' ',
      'bytes=',
      'bytes',
      '-',
      '0-0',
      '0-',
      '-0',
      '-1',
      '1-0',
      '99999999999999999999-',
      '0-0,1-1',
      '0-99999999999999999999',
      'items=0-1',
    ],
    ...[
      'wait=',
      'wait=0',
      'wait=-1',
      'wait=1e9',
      'respond-async',
      'handling=strict',
      ';',
      '=',
      '"a"',
      'sha-256=',
      ':',
      '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    ],
    ...[
      '0123456789abcdef0123456789abcdef',
      '\\"',
      '\t',
      '1',
      'q=0.5',
      'application/json',
      'text/csv',
      '*/*',
      'gzip',
      'identity',
      'Wed, 21 Oct 2026 07:28:00 GMT',
    ],
  )
  const value = fc.oneof(
    fc.array(pieces, { maxLength: 8 }).map(all => all.join('')),
    nastyText.map(text => text.replaceAll(/[\r\n\0]/g, '')),
  )
  const names = [
    ...[
      'if-match',
      'if-none-match',
      'if-modified-since',
      'if-unmodified-since',
      'if-range',
      'range',
      'prefer',
      'repr-digest',
      'content-digest',
      'want-repr-digest',
    ],
    ...['idempotency-key', 'last-event-id', 'accept', 'accept-encoding', 'content-type', 'content-range', 'digest', 'content-md5'],
  ]
  const CALLS: readonly (readonly [string, string, string | undefined])[] = [
    ['GET', '/v1/collections/c/entries/a', undefined],
    ['HEAD', '/v1/collections/c/entries/a', undefined],
    ['PUT', '/v1/collections/c/entries/put', 'bytes'],
    ['DELETE', '/v1/collections/c/entries/gone', undefined],
    ['PATCH', '/v1/collections/c/metadata/b', '{"fields":{"a":1}}'],
    ['POST', '/v1/jobs', '{"kind":"update","items":[{"source":{"collection":"c","path":"a"},"fields":{"a":1}}]}'],
    ['GET', '/v1/jobs', undefined],
    ['GET', '/files/a', undefined],
    ['DELETE', '/apollo/files/gone', undefined],
  ]

  it.each(CALLS)(
    '%s %s',
    async (method, target, text) => {
      const cases = fc.array(fc.tuple(fc.constantFrom(...names), value), { minLength: 1, maxLength: 3 })
      await fuzz(RUNS, cases, async pairs => {
        const typed = text?.startsWith('{') === true ? { 'content-type': 'application/json' } : {}
        const odd = pairs.map(([name, one]) => [name, Buffer.from(one).toString('latin1')])
        const headers = { authorization: `Bearer ${token}`, ercollectionid: 'c', ...typed, ...(Object.fromEntries(odd) as Record<string, string>) }
        const shot: Shot = { method, target, headers, ...(text === undefined ? {} : { body: Buffer.from(text) }) }
        expectAnswered(await shoot(server.url, shot), shot)
      })
    },
    PATIENCE_MS,
  )
})
