import { describe, expect, it } from 'vitest'
import { collectionWords } from '../../../../src/http/apollo/collections.ts'
import { entityOf } from '../../../../src/http/apollo/entities.ts'
import { fieldsOf, maxAgeOf, mediaTypeOf, metadataOf, parseMetadata } from '../../../../src/http/apollo/file-metadata.ts'
import { detailOf } from '../../../../src/http/apollo/item-words.ts'
import { logEntryOf } from '../../../../src/http/apollo/log-entry.ts'
import type { Entry } from '../../../../src/model/entry.ts'
import type { Item } from '../../../../src/model/item.ts'
import type { Job } from '../../../../src/model/job.ts'

const entry: Entry = {
  entityId: '59a7631f-6f17-44b0-93c6-9a0b34ef71ab',
  collection: 'example-collection-original',
  path: 'example_image.jpg',
  kind: 'file',
  version: 2,
  revision: '0'.repeat(32),
  size: 1234,
  mediaType: 'image/jpeg',
  digest: 'f'.repeat(64),
  stamp: null,
  fields: { file_description: 'an image', file_rating: '5', max_age: 60 },
  deleted: false,
  createdAt: 0,
  modifiedAt: 0,
  modifiedBy: 'alice',
}

const item: Item = {
  seq: 3,
  source: { collection: 'from', path: 'a.txt', entityId: 'source-entity', version: 1, revision: null },
  destination: { collection: 'to', path: 'a.txt', entityId: 'destination-entity', version: 1, revision: null },
  fields: null,
  state: 'done',
  attempts: 1,
  bytes: 10,
  reason: null,
  startedAt: 2000,
  finishedAt: 3000,
}

const waiting: Item = {
  ...item,
  source: { ...item.source, entityId: null, version: null },
  destination: { collection: 'to', path: 'a.txt', entityId: null, version: null, revision: null },
  state: 'pending',
  attempts: 0,
  startedAt: null,
  finishedAt: null,
}

describe('the Detail of an item', () => {
  it('has the documented keys and types', () => {
    expect(detailOf(item)).toEqual({
      FileName: 'a.txt',
      SourceCollectionId: 'from',
      DestinationCollectionId: 'to',
      SourceEntityId: 'source-entity',
      DestinationEntityId: 'destination-entity',
      Status: 1,
    })
  })

  it('is 0 and without ids while the item waits', () => {
    expect(detailOf(waiting)).toMatchObject({ SourceEntityId: '', DestinationEntityId: '', Status: 0 })
    expect(detailOf({ ...waiting, state: 'running' }).Status).toBe(0)
    expect(detailOf({ ...waiting, destination: null })).toMatchObject({ DestinationCollectionId: '', DestinationEntityId: '' })
  })

  it('is 2 with a reason for whatever stopped the item', () => {
    const reason = { code: 'entry_not_found', message: 'There is no file a.txt in from.' } as const
    for (const state of ['failed', 'evicted', 'cancelled'] as const)
      expect(detailOf({ ...waiting, state, reason })).toMatchObject({ Status: 2, ReasonOfFailure: reason.message })
    expect(detailOf({ ...waiting, state: 'cancelled' }).ReasonOfFailure).toContain('cancelled')
  })
})

describe('the log entry of an item', () => {
  const job = { id: 'c7164076-9224-401c-a6bd-21908563abf8', kind: 'copy', dialect: 'apollo', createdAt: 1000, submittedBy: 'alice' } as Job

  it('has the documented keys, the misspelt one included', () => {
    const log = logEntryOf(job, item, 'to')
    expect(Object.keys(log).sort()).toEqual(
      [
        ...[
          'serviceData',
          'id',
          'enqueuedTimestamp',
          'receivedTimestamp',
          'unixReceievedTimestamp',
          'unixEnqueuedTimestamp',
          'messageType',
          'requestAction',
          'state',
        ],
        ...['requestObject', 'transactionId', 'payload', 'retryCount', 'message', 'sender', 'recipient', 'correlationId', 'timeout', 'topic', 'stateHistory'],
      ].sort(),
    )
    expect(log).toMatchObject({
      serviceData: { entityId: 'destination-entity', erCollectionId: 'to', relationshipId: null },
      enqueuedTimestamp: '1970-01-01T00:00:01.000+00:00',
      unixReceievedTimestamp: 1000,
      messageType: 'Status',
      requestAction: 'Upsert',
      state: 'Completed',
      retryCount: 0,
      correlationId: job.id,
    })
    expect(log.stateHistory.map(moment => [moment.unixTimestamp, moment.state])).toEqual([
      [1000, 'Pending'],
      [2000, 'InProgress'],
      [3000, 'Completed'],
    ])
    expect(JSON.stringify(log)).not.toContain('alice')
  })

  it('is a Request while the item waits, and names the entity of its own collection only', () => {
    expect(logEntryOf(job, waiting, 'from')).toMatchObject({ messageType: 'Request', state: 'Pending', message: null, serviceData: { entityId: null } })
    expect(logEntryOf(job, { ...waiting, state: 'running' }, 'from').state).toBe('InProgress')
    expect(logEntryOf(job, item, 'from').serviceData.entityId).toBe('source-entity')
    expect(logEntryOf(job, item, 'elsewhere').serviceData.entityId).toBeNull()
  })
})

describe('metadata of a file', () => {
  it('is answered with the documented keys and types', () => {
    expect(metadataOf(entry)).toEqual({
      file_name: 'example_image.jpg',
      file_description: 'an image',
      file_size: 1234,
      file_type: 'image/jpeg',
      file_rating: '5',
      file_version: '2',
    })
    expect(maxAgeOf(entry)).toBe(60)
  })

  it('is empty strings where another dialect stored none, or something else', () => {
    const foreign = { ...entry, fields: { file_rating: 5, max_age: '60' } }
    expect(metadataOf(foreign)).toMatchObject({ file_description: '', file_rating: '' })
    expect(maxAgeOf(foreign)).toBeNull()
  })

  it('becomes the media type and the fields of the entry', () => {
    const text = '{"file_name":"a","file_description":"d","file_size":3,"file_type":"image/png","file_rating":"4","max-age":10}'
    const metadata = parseMetadata(Buffer.from(text))
    expect(metadata).toEqual({ name: 'a', description: 'd', size: 3, type: 'image/png', rating: '4', maxAge: 10 })
    expect(fieldsOf(metadata)).toEqual({ file_description: 'd', file_rating: '4', max_age: 10 })
    expect(mediaTypeOf(metadata, 'text/plain')).toBe('image/png')
  })

  it('keeps a file_type that is no media type, and takes the type of the media part instead', () => {
    const metadata = parseMetadata(Buffer.from('{"file_name":"a","file_type":"png picture"}'))
    expect(fieldsOf(metadata)).toEqual({ file_type: 'png picture' })
    expect(mediaTypeOf(metadata, 'image/png; q="x"')).toBe('image/png; q="x"')
    expect(mediaTypeOf(metadata, 'nonsense')).toBe('application/octet-stream')
    expect(metadataOf({ ...entry, fields: { file_type: 'png picture' } }).file_type).toBe('png picture')
  })

  it.each([
    '',
    ' ',
    '{',
    '[]',
    'null',
    '"a"',
    '{}',
    '{"file_name":""}',
    '{"file_name":7}',
    '{"file_name":"a","file_size":"3"}',
    '{"file_name":"a","file_size":-1}',
    '{"file_name":"a","file_size":1.5}',
    '{"file_name":"a","file_rating":5}',
    '{"file_name":"a","max-age":"60"}',
    '{"file_name":"a","file_description":{}}',
  ])('is refused when it is empty or invalid: %s', text => {
    expect(() => parseMetadata(Buffer.from(text))).toThrow(/^Metadata file is either empty or invalid\./)
  })
})

describe('entities and collections', () => {
  it('show an entry as an entity, with its system data unless it is unwanted', () => {
    expect(entityOf(entry, true)).toEqual({
      entityType: 'JCI_EXT__File',
      entityName: 'FileEntity',
      id: entry.entityId,
      sysData: { ...metadataOf(entry), version: '2' },
      brickEntityName: '',
      brickEntitySubType: '',
      brickEntityType: '',
      isActive: true,
    })
    expect(entityOf(entry, false)).not.toHaveProperty('sysData')
  })

  it('show a collection with the vault and account of its creation', () => {
    const collection = {
      id: 'c',
      name: 'n',
      store: 'default',
      attached: false,
      addressable: false,
      attributes: { vaultId: 'v', accountId: 'a' },
      createdAt: 0,
      createdBy: 'alice',
      modifiedAt: 0,
    }
    expect(collectionWords(collection)).toEqual({
      id: 'c',
      collectionId: 'c',
      collectionName: 'n',
      vaultId: 'v',
      vaultName: null,
      accountId: 'a',
      accountName: null,
    })
    expect(collectionWords({ ...collection, attributes: {} })).toMatchObject({ vaultId: null, accountId: null })
  })
})
