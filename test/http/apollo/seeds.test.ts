import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Http } from '../../support/http.ts'
import { expectRefusal, jsonOf } from './answers.ts'
import { upload } from './bodies.ts'
import { startWorld } from './world.ts'
import type { World } from './world.ts'

/** The request and the answers of the two documents "Copy File" and "Track File", letter for letter. */
const COPY_BODY = `
{
    "copyFileCollectionData":
    [ 
        {
  		    "sourceCollectionId":"example-collection-original",
  		    "destinationCollectionId":"example-collection-copy",
  		    "fileName":"example_image.jpg"
        },
        {
  		    "sourceCollectionId":"example-collection-original",
  		    "destinationCollectionId":"example-collection-copy",
  		    "fileName":"example_json.json"
        }
    ]
}

`
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

describe('the examples of the documents', () => {
  let world: World
  let http: Http
  let correlationId = ''

  beforeAll(async () => {
    world = await startWorld()
    http = await world.as('alice')
    await world.collection('example-collection-original')
    await world.collection('example-collection-copy')
  })

  afterAll(() => world.stop())

  it('upload the two files', async () => {
    for (const [name, media] of [
      ['example_image.jpg', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0x00, 0x0d, 0x0a])],
      ['example_json.json', '{"a":1}'],
    ] as const) {
      const { body, headers } = upload({ metadata: { file_name: name, file_size: media.length }, media })
      jsonOf(await http.send('PUT', `/apollo/files/upload/${name}`, body, { ...headers, erCollectionID: 'example-collection-original' }))
    }
  })

  it('copy both', async () => {
    const answer = jsonOf<{ data: { CorrelationId: string } }>(await http.send('POST', '/apollo/files/copy', COPY_BODY, { 'Content-Type': 'application/json' }))
    correlationId = answer.data.CorrelationId
    expect(correlationId).toMatch(UUID)
    expect(answer).toEqual({
      status: { message: 'Files copying completed', code: '200' },
      data: {
        Result: `Please check the status of your request at statusURL: ${world.url}/apollo/status/logs?correlationId=${correlationId}`,
        Message: 'Number of file copy requests:2',
        CorrelationId: correlationId,
      },
    })
  })

  it('track both to their end, key for key', async () => {
    const tracked = await world.trackToEnd(http, correlationId, 'example-collection-original')
    const entityId = async (name: string, collection: string): Promise<string> => {
      const [entity] = jsonOf<{ id: string }[]>(await http.send('GET', `/apollo/entities/filename/${name}`, undefined, { ercollectionid: collection }))
      return entity?.id ?? ''
    }
    const detail = async (name: string): Promise<object> => ({
      FileName: name,
      SourceCollectionId: 'example-collection-original',
      DestinationCollectionId: 'example-collection-copy',
      SourceEntityId: await entityId(name, 'example-collection-original'),
      DestinationEntityId: await entityId(name, 'example-collection-copy'),
      Status: 1,
    })
    expect(tracked).toEqual({
      status: { message: 'Track copied files', code: '200' },
      data: {
        Summary: { FilesRequestedToBeCopied: '2', Succeeded: '2', Failed: '0' },
        Detail: [await detail('example_image.jpg'), await detail('example_json.json')],
      },
    })
  })

  it('follow the status URL of the copy answer', async () => {
    const answer = jsonOf<{ status: object; data: { payload: { FileName: string }; state: string }[]; paging: object }>(
      await http.send('GET', `/apollo/status/logs?correlationId=${correlationId}`, undefined, { ercollectionid: 'example-collection-copy' }),
    )
    expect(answer.status).toEqual({ message: '', code: 'OK' })
    expect(answer.data.map(entry => [entry.payload.FileName, entry.state])).toEqual([
      ['example_image.jpg', 'Completed'],
      ['example_json.json', 'Completed'],
    ])
    expect(answer.paging).toEqual({ totalCount: 2, continuationToken: null })
  })

  it('track without an id, as the sample of the track page does', async () => {
    const headers = { 'Content-Type': 'application/json', ercollectionid: 'example-collection-copy' }
    for (const path of ['/apollo/files/track', '/apollo/files/track/']) {
      expectRefusal(await http.send('GET', path, undefined, headers), 400, 'You must specify a  co-relation Id')
    }
  })

  it('track as the sample of the track page has it to the letter, with the method "Get"', async () => {
    const answer = await asSample(`Get /apollo/files/track HTTP/1.1\r\nHost: x\r\nercollectionid: example-collection-copy\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/json\b/)
    const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as object
    expect(body).toEqual({ status: { message: expect.stringMatching(/^You must specify a {2}co-relation Id: .*capitals: GET$/) as string, code: '400' } })
  })

  /** Sends these very bytes and returns those of the answer. */
  async function asSample(bytes: string): Promise<string> {
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1', () => socket.write(bytes))
    return text(socket)
  }
})
