import { describe, expect, it } from 'vitest'
import { SYS, XSD, idOf, says, world } from './world.ts'

const of = world()

function post(path: string, target: string, type?: string): Promise<{ status: number; body: string }> {
  return of().send('POST', path, target, { headers: { 'x-cm-well-type': 'LN', ...(type === undefined ? {} : { 'x-cm-well-link-type': type }) } })
}

describe('a link', () => {
  it('leads on: for good, for this time, or without the client seeing it', async () => {
    await of().update(says('/links.org/target', 'FN', 'x'))
    for (const [type, status] of [
      [undefined, 307],
      ['0', 301],
      ['1', 307],
    ] as const) {
      const path = `/links.org/ln-${type}`
      expect(await post(path, '/links.org/target', type)).toMatchObject({ status: 200, body: '{"success":true}' })
      const answer = await of().get(`${path}?format=json`)
      expect([answer.status, answer.headers.get('location')], path).toEqual([status, '/links.org/target?format=json'])
    }
    await post('/links.org/forward', '/links.org/target', '2')
    const answer = await of().get('/links.org/forward?format=json')
    expect([answer.status, (JSON.parse(answer.body) as { system: { path: string } }).system.path]).toEqual([200, '/links.org/target'])
  })

  it('never takes the token along', async () => {
    await post('/links.org/tokens', '/links.org/target', '1')
    const token = await of().token('alice')
    const answer = await of().get(`/links.org/tokens?token=${token}&format=ntriples`, { as: null })
    expect([answer.status, answer.headers.get('location')]).toEqual([307, '/links.org/target?format=ntriples'])
  })

  it('may lead elsewhere', async () => {
    await post('/links.org/out', 'https://example.com/x?y=1', '0')
    const answer = await of().get('/links.org/out')
    expect([answer.status, answer.headers.get('location')]).toEqual([301, 'https://example.com/x?y=1'])
  })

  it.each([
    ['a line break', 'http://links.org/x\r\nSet-Cookie: a=b'],
    ['a space', '/links.org/x y'],
    ['nothing', ''],
    ['half a character', '\ud800'],
  ])('to an address with %s is refused', async (_, to) => {
    const wrapped = { type: 'LinkInfoton', system: { path: '/links.org/broken' }, linkTo: to, linkType: 0 }
    const answers = [await of().in('format=jsonw', JSON.stringify(wrapped))]
    if (to.isWellFormed()) answers.push(await of().in('format=ntriples', `<http://links.org/broken> <${SYS}linkTo> ${JSON.stringify(to)} .`))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 400))
    expect((await of().get('/links.org/broken')).status).toBe(404)
  })

  it('may lead to an address in any letters', async () => {
    await of().update(`<http://links.org/letters> <${SYS}linkTo> "http://example.com/\u4e00/%41?q=\u00fc#f" .`)
    const answer = await of().get('/links.org/letters')
    expect([answer.status, answer.headers.get('location')]).toEqual([307, 'http://example.com/%E4%B8%80/%41?q=%C3%BC#f'])
  })

  it('is followed through fifteen others, and no more', async () => {
    await of().update(says('/chain.org/0', 'FN', 'end'))
    for (let n = 1; n <= 31; n += 1) await post(`/chain.org/${n}`, `/chain.org/${n - 1}`, '2')
    expect((await of().infoton('/chain.org/15')).fields).toEqual({ 'FN.vcard': ['end'] })
    for (const n of [16, 31]) {
      const answer = await of().get(`/chain.org/${n}?format=json`)
      expect([answer.status, answer.body]).toEqual([400, 'too deep forward link chain detected!'])
    }
  })

  it('to itself ends, too', async () => {
    await post('/links.org/self', '/links.org/self', '2')
    expect((await of().get('/links.org/self?format=json')).body).toBe('too deep forward link chain detected!')
  })

  it('to what is not there, or to what may not be read, is not found', async () => {
    await of().update(says('/secret.org/a', 'FN', 'x'), 'format=ntriples', { as: 'bob' })
    await post('/links.org/nowhere', '/links.org/never', '2')
    await post('/links.org/secret', '/secret.org/a', '2')
    for (const path of ['/links.org/nowhere', '/links.org/secret']) {
      const answer = await of().get(`${path}?format=json`)
      expect([answer.status, answer.body], path).toEqual([404, 'Infoton not found'])
    }
  })

  it('is refused without a target, and with an unknown type', async () => {
    for (const [target, type] of [
      ['', '1'],
      ['/links.org/a b', '1'],
      ['x'.repeat(5000), '1'],
      ['/links.org/target', '3'],
      ['/links.org/target', 'forward'],
    ] as const) {
      const answer = await post('/links.org/refused', target, type)
      expect([answer.status >= 400 && answer.status < 500, Object.keys(JSON.parse(answer.body) as object)], target.slice(0, 20)).toEqual([
        true,
        ['success', 'cause'],
      ])
    }
    expect((await of().get('/links.org/refused?format=json')).status).toBe(404)
  })

  it('is written by /_in, too, tracked, and told with its history', async () => {
    const subject = '<http://links.org/by-in>'
    const body = `${subject} <${SYS}type> "LinkInfoton" .\n${subject} <${SYS}linkTo> "/links.org/target" .\n${subject} <${SYS}linkType> "2"^^<${XSD}int> .\n`
    expect(await of().tracked(idOf(await of().in('format=ntriples&tracking', body)))).toEqual({ '/links.org/by-in': 'Done' })
    expect((await of().infoton('/links.org/by-in')).system.path).toBe('/links.org/target')
    expect(await of().history('/links.org/by-in')).toMatchObject([{ type: 'LinkInfoton', linkTo: '/links.org/target', linkType: 2 }])
    await of().update(`${subject} <${SYS}linkTo> <http://links.org/other> .\n`)
    expect(await of().history('/links.org/by-in')).toMatchObject([{ linkTo: '/links.org/other', linkType: 2 }, { linkTo: '/links.org/target' }])
  })
})
