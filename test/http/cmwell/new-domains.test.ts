import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { says, world } from './world.ts'

const of = world()

/** A long update whose end is still to come: its first parts are stored already, so its new domain is there. */
async function begun(domain: string): Promise<(rest: string) => Promise<number>> {
  const outgoing = request(`${of().server.url}/_in?format=ntriples`, {
    method: 'POST',
    headers: { 'x-cm-well-token': await of().token('alice'), 'content-type': 'text/plain' },
  })
  const answered = new Promise<number>((resolve, reject) => {
    outgoing.on('error', reject)
    outgoing.on('response', incoming => {
      incoming.resume()
      resolve(incoming.statusCode ?? 0)
    })
  })
  outgoing.write(Array.from({ length: 12_000 }, (_, n) => says(`/${domain}/${n}`, 'FN', String(n))).join(''))
  while (!(await exists(domain))) await new Promise(resolve => setTimeout(resolve, 10))
  return rest => {
    outgoing.end(rest)
    return answered
  }
}

async function exists(domain: string): Promise<boolean> {
  return (await of().server.call('alice', 'GET', `/v1/collections/${domain}`)).status === 200
}

it('a domain that several begin at once belongs to one, and the others are refused', async () => {
  for (let round = 0; round < 10; round += 1) {
    const path = `/contested-${round}.org/a`
    const send = async (as: string): Promise<number> => (await of().in('format=ntriples&blocking', says(path, 'FN', as), { as })).status
    const people = ['alice', 'bob', 'carol', 'dave']
    const answers = await Promise.all(people.map(send))
    expect(answers.filter(status => status === 200)).toHaveLength(1)
    // 503: nobody had it when it was asked for, and somebody when it was to be made
    expect(
      answers.every(status => [200, 403, 503].includes(status)),
      answers.join(),
    ).toBe(true)
    for (const [index, as] of people.entries()) expect(await send(as)).toBe(answers[index] === 200 ? 200 : 403)
  }
})

describe('a domain that was made for a request which is refused', () => {
  it('goes, and may be made again', async () => {
    const end = await begun('lonely.org')
    expect(await end('oops')).toBe(400)
    expect(await exists('lonely.org')).toBe(false)
    expect(await of().update(says('/lonely.org/a', 'FN', 'x'), 'format=ntriples', { as: 'bob' })).toEqual({ '/lonely.org/a': 'Done' })
  })

  it('stays when another request has written to it', async () => {
    const end = await begun('busy.org')
    expect(await of().update(says('/busy.org/a', 'FN', 'x'))).toEqual({ '/busy.org/a': 'Done' })
    expect(await end('oops')).toBe(400)
    expect(await of().fields('/busy.org/a')).toEqual({ 'FN.vcard': ['x'] })
  })

  it('stays when something else came in', async () => {
    const end = await begun('put.org')
    expect((await of().server.call('alice', 'PUT', '/v1/collections/put.org/entries/a', 'bytes')).status).toBe(201)
    expect(await end('oops')).toBe(400)
    expect((await of().get('/put.org/a')).body).toBe('bytes')
  })

  it('goes with the last of several', async () => {
    const ends = [await begun('several.org'), await begun('several.org')]
    expect(await ends[0]?.('oops')).toBe(400)
    // what the second was writing to has gone: to be sent again, unless its own fault is found first
    expect([400, 503]).toContain(await ends[1]?.('oops'))
    expect(await exists('several.org')).toBe(false)
  })

  it('never takes an accepted update along, whoever comes at once', async () => {
    await of().update(says('/forbidden.org/a', 'FN', 'x'), 'format=ntriples', { as: 'bob' })
    for (let round = 0; round < 10; round += 1) {
      const domain = `at-once-${round}.org`
      const good = (n: number): Promise<Record<string, string>> => of().update(says(`/${domain}/${n}`, 'FN', 'x'))
      const refused = async (): Promise<number> =>
        (await of().in('format=ntriples', says(`/${domain}/x`, 'FN', 'x') + says('/forbidden.org/a', 'FN', 'y'))).status
      const [a, first, b, second, c] = await Promise.all([refused(), good(1), refused(), good(2), refused()])
      expect([a, b, c, first, second]).toEqual([403, 403, 403, { [`/${domain}/1`]: 'Done' }, { [`/${domain}/2`]: 'Done' }])
    }
  })

  it('stays when an accepted update has not been done yet', async () => {
    const end = await begun('pending.org')
    await of().server.engine.stop()
    expect((await of().in('format=ntriples', says('/pending.org/a', 'FN', 'x'))).status).toBe(200)
    expect(await end('oops')).toBe(400)
    expect(await exists('pending.org')).toBe(true)
  })
})
