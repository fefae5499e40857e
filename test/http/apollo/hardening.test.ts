import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefusal } from './answers.ts'
import { upload } from './bodies.ts'
import { startWorld } from './world.ts'
import type { World } from './world.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

describe('hostile calls', () => {
  let world: World

  beforeAll(async () => {
    world = await startWorld()
    await world.collection('c')
  })

  afterAll(() => world.stop())

  it('with deeply nested JSON are refused', async () => {
    const alice = await world.as('alice')
    const deep = '['.repeat(5000) + ']'.repeat(5000)
    const named = `{"collectionName":"x","a":${deep}}`
    expectRefusal(await alice.send('POST', '/apollo/collections', named, { ...JSON_TYPE, vaultid: 'v', accountid: 'a' }), 400, /nested more than 64 levels/)
    expectRefusal(await alice.send('PUT', '/apollo/collections/c', named, JSON_TYPE), 400, /nested more than 64 levels/)
    expectRefusal(await alice.send('POST', '/apollo/files/copy', `{"copyFileCollectionData":${deep}}`, JSON_TYPE), 400, /nested more than 64 levels/)
    const { body, headers } = upload({ metadata: `{"file_name":"f","a":${deep}}`, media: 'x' })
    expectRefusal(await alice.send('PUT', '/files/upload/f', body, { ...headers, ercollectionid: 'c' }), 400, /nested more than 64 levels/)
    expect((await alice.send('GET', '/apollo/collections/c')).status).toBe(200)
  })
  it('with names and times that cannot be are refused', async () => {
    const alice = await world.as('alice')
    for (const name of ['a\\u0000', '\\ud800']) {
      const answer = await alice.send('POST', '/apollo/collections', `{"collectionName":"${name}"}`, { ...JSON_TYPE, vaultid: 'v', accountid: 'a' })
      expectRefusal(answer, 400, /name: /)
    }
    const logs = await alice.send('GET', '/apollo/status/logs?startTime=2026-02-30T00:00Z', undefined, { ercollectionid: 'c' })
    expectRefusal(logs, 400, /startTime/)
  })
})
