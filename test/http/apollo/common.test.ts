import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefusal } from './answers.ts'
import { startWorld } from './world.ts'
import type { World } from './world.ts'

const ROUTES = [
  ['POST', '/apollo/files/copy'],
  ['GET', `/apollo/files/track/${randomUUID()}`],
  ['GET', '/apollo/files/track'],
  ['GET', '/apollo/status/logs'],
  ['PUT', '/apollo/files/upload/a'],
  ['PUT', '/files/upload/a'],
  ['GET', '/apollo/files/a'],
  ['GET', '/files/a'],
  ['GET', '/files/a/version/1'],
  ['GET', '/files/a?alt=metadata'],
  ['DELETE', '/apollo/files/a'],
  ['GET', '/apollo/entities/filename/a'],
  ['POST', '/apollo/collections'],
  ['GET', '/apollo/collections'],
  ['GET', '/apollo/collections/a'],
  ['PUT', '/apollo/collections/a'],
] as const

describe('every call', () => {
  let world: World

  beforeAll(async () => {
    world = await startWorld()
  })

  afterAll(() => world.stop())

  it.each(ROUTES)('%s %s wants a good token before anything else', async (method, path) => {
    const alice = await world.as('alice')
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
    const bad = [
      '',
      'Bearer',
      'Bearer ',
      'Bearer garbage',
      `Bearer ${none}.${Buffer.from('{"sub":"alice"}').toString('base64url')}.`,
      `Basic ${await world.token('alice')}`,
    ]
    for (const authorization of [...bad, `Bearer ${await world.expiredToken('alice')}`]) {
      const answer = await alice.send(method, path, '{', { authorization, 'content-type': 'application/json' })
      expectRefusal(answer, 401, /./)
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/)
    }
  })

  it('takes its path as it was sent and climbs nowhere', async () => {
    const token = await world.token('alice')
    for (const path of ['/files/..', '/files/%2e%2e', '/apollo/files/.']) {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const { hostname, port } = new URL(world.url)
        request({ hostname, port, path, headers: { authorization: `Bearer ${token}`, ercollectionid: 'any' } }, resolve)
          .on('error', reject)
          .end()
      })
      answer.resume()
      expect([path, answer.statusCode]).toEqual([path, 400])
    }
  })

  it('that no route answers is a 404 of this dialect', async () => {
    const alice = await world.as('alice')
    for (const [method, path] of [
      ['GET', '/apollo'],
      ['GET', '/apollo/nothing'],
      ['GET', '/apollo/files'],
      ['GET', '/files'],
      ['GET', '/files/a/b'],
      ['POST', '/apollo/files/a'],
      ['DELETE', '/files/a'],
      ['PATCH', '/apollo/collections'],
    ] as const) {
      expectRefusal(await alice.send(method, path), 404, /there is no/)
    }
  })
})
