import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Http } from '../../support/http.ts'
import type { Answer } from '../../support/http.ts'
import { createToken, spawnServer } from '../../support/server-process.ts'
import { says, statuses, system } from './world.ts'

const SUBJECTS = 20_000

it('a tracking id goes on through restarts of the server, sudden ones, too', { timeout: 120_000 }, async () => {
  const data = await mkdtemp(join(tmpdir(), 'waybill-test-'))
  const token = await createToken(data, 'alice', ['read', 'write'])
  let server = await spawnServer(data)
  try {
    const get = async (path: string): Promise<Answer> => {
      const http = new Http(server.url, token, 1)
      return http.send('GET', path).finally(() => http.close())
    }
    const sent = async (query: string, body: string): Promise<Answer> => {
      const http = new Http(server.url, token, 1)
      const answer = await http.send('POST', `/_in?format=ntriples&${query}`, body).finally(() => http.close())
      if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body}`)
      return answer
    }
    const idOf = (answer: Answer): string => String(answer.headers['x-cm-well-tracking'])
    const track = (id: string): Promise<Answer> => get(`/_track/${id}`)

    const evicting = system('/restart.org/b', 'prevUUID', `"${'a'.repeat(32)}"`) + says('/restart.org/b', 'FN', 'x')
    const finished = idOf(await sent('blocking', says('/restart.org/a', 'FN', 'x') + evicting))
    const before = (await track(finished)).body
    expect(statuses(before)).toEqual({ '/restart.org/a': 'Done', '/restart.org/b': `Evicted(expected:${'a'.repeat(32)},actual:none)` })

    const many = Array.from({ length: SUBJECTS }, (_, n) => says(`/restart.org/many/${n}`, 'FN', String(n))).join('')
    const running = idOf(await sent('tracking', many))
    const behind = idOf(await sent('tracking', says('/restart.org/many/7', 'ORG', 'later')))
    await server.kill()
    server = await spawnServer(data)

    expect((await track(finished)).body).toBe(before)
    expect([(await track(running)).status, (await track(behind)).status]).toEqual([200, 200])
    // and stopped in the usual way, while it works
    await server.stop()
    server = await spawnServer(data)
    for (const [id, count] of [
      [running, SUBJECTS],
      [behind, 1],
    ] as const) {
      let answer = await track(id)
      while (answer.headers['x-cm-well-tracking'] !== 'Done') {
        expect(answer.status).toBe(200)
        await new Promise(resolve => setTimeout(resolve, 20))
        answer = await track(id)
      }
      const states = Object.values(statuses(answer.body))
      expect([states.length, new Set(states)]).toEqual([count, new Set(['Done'])])
    }
    const versions = JSON.parse((await get('/restart.org/many/7?with-history&format=json')).body) as { infotons: { fields: unknown }[] }
    expect(versions.infotons.map(({ fields }) => fields)).toEqual([{ 'FN.vcard': ['7'], 'ORG.vcard': ['later'] }, { 'FN.vcard': ['7'] }])
    expect((await track(finished)).body).toBe(before)
  } finally {
    await server.stop()
    await rm(data, { recursive: true, force: true })
  }
})
