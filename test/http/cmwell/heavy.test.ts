import { describe, expect, it } from 'vitest'
import { SYS, VCARD, says, system, world } from './world.ts'

const of = world()
/** What takes these for as long as their square would keep the server from everything for minutes. */
const MANY = 25_000

function lines(count: number, line: (number: number) => string): string {
  return Array.from({ length: count }, (_, number) => line(number)).join('')
}

describe('a document may say much', () => {
  it('of what goes from an infoton that has as much', { timeout: 60_000 }, async () => {
    expect(await of().update(lines(MANY, n => says('/heavy.org/a', 'FN', String(n))))).toEqual({ '/heavy.org/a': 'Done' })
    const going = lines(8_000, n => `_:gone <${VCARD}FN> "${n}" .\n`) + system('/heavy.org/a', 'markDelete', '_:gone')
    expect(await of().update(going)).toEqual({ '/heavy.org/a': 'Done' })
    expect((await of().fields('/heavy.org/a'))?.['FN.vcard']).toHaveLength(MANY - 8_000)
  })

  it('with a field of its own in each statement', { timeout: 60_000 }, async () => {
    const answer = await of().in(
      'format=ntriples&blocking',
      lines(60_000, n => says(`/heavy.org/${n >> 6}`, `p${n}`, 'x')),
    )
    expect(answer.status).toBe(200)
    expect(await of().fields('/heavy.org/0')).toHaveProperty(['p63.vcard'], ['x'])
  })

  it('of blank nodes', { timeout: 60_000 }, async () => {
    const answer = await of().in(
      'format=ntriples&blocking',
      lines(20_000, n => `_:b${n} <${VCARD}FN> "x" .\n`),
    )
    expect(answer.body.match(/"Done"/g)).toHaveLength(20_000)
  })

  it('and say it again and again', { timeout: 60_000 }, async () => {
    const said = says('/heavy.org/same', 'note', 'x'.repeat(9_000)).repeat(60) + says('/heavy.org/same', 'FN', '').repeat(100_000)
    expect(await of().update(said)).toEqual({ '/heavy.org/same': 'Done' })
    expect(await of().fields('/heavy.org/same')).toEqual({ 'note.vcard': ['x'.repeat(9_000)], 'FN.vcard': [''] })
  })
})

describe('too much is refused:', () => {
  it.each([
    ['values without text in many graphs', 'nquads', lines(50_000, n => `<http://much.org/a> <${VCARD}FN> "" <http://g/${n}> .\n`)],
    ['values of many types', 'ntriples', lines(200, n => `<http://much.org/a> <${VCARD}FN> "x"^^<http://t/${'x'.repeat(3_000)}${n}> .\n`)],
    ['values that go', 'ntriples', lines(50_000, n => `_:gone <${VCARD}FN> "${n}" .\n`) + system('/much.org/a', 'markDelete', '_:gone')],
    ['fields that go', 'ntriples', lines(50_000, n => system('/much.org/a', 'markReplace', `<${VCARD}p${n}>`))],
    ['fields', 'ntriples', lines(100_001, n => says(`/much.org/${n >> 8}`, `p${n}`, 'x'))],
    [
      'infotons from which very much goes',
      'ntriples',
      lines(5_000, n => `_:gone <${VCARD}FN> "${n}" .\n`) + lines(300, n => `<http://much.org/${n}> <${SYS}markDelete> _:gone .\n`),
    ],
  ])('%s', { timeout: 60_000 }, async (_, format, body) => {
    const answer = await of().in(`format=${format}&tracking`, body)
    expect(answer.status, answer.body.slice(0, 300)).toBe(413)
    expect((await of().get('/much.org?format=json')).status).toBe(404)
  })
})

it('a field may have any name', async () => {
  const plain = lines(1, () => `<http://names.org/a> <cmwell://meta/nn#__proto__> "v" .\n<http://names.org/a> <cmwell://meta/nn#constructor> "w" .\n`)
  expect(await of().update(plain)).toEqual({ '/names.org/a': 'Done' })
  expect(Object.entries((await of().fields('/names.org/a')) ?? {})).toEqual([
    ['__proto__', ['v']],
    ['constructor', ['w']],
  ])
})
