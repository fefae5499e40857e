import { beforeAll, describe, expect, it } from 'vitest'
import { layLine } from './line.ts'
import { consoleWorld, seriousFaults } from './world.ts'

const { server, openAt } = consoleWorld()
let job = ''

beforeAll(async () => {
  for (const id of ['from', 'to']) await server().call('alice', 'POST', '/v1/collections', { id })
  await server().call('alice', 'PUT', '/v1/collections/from/entries/a', 'a')
  const body = { kind: 'copy', items: [{ source: { collection: 'from', path: 'a' }, destination: { collection: 'to' } }], label: 'known' }
  job = ((await (await server().call('alice', 'POST', '/v1/jobs', body, { prefer: 'wait=30' })).json()) as { id: string }).id
})

describe('while the server is away', () => {
  it('the console opens, tells what was known last and since when, and goes on when it is back', async () => {
    const line = await layLine(server().url)
    const page = await openAt('#/jobs', { url: line.url, expected: /ERR_|Failed to load/ })
    await page.getByRole('link', { name: 'known' }).waitFor()
    await page.evaluate('navigator.serviceWorker.ready.then(() => undefined)')
    await page.goto(`${line.url}/#/jobs/${job}`)
    await page.getByText('Succeeded', { exact: true }).waitFor()
    line.cut()
    await page.reload()
    await page.getByText(/The server does not answer\. What is shown was known/).waitFor()
    await page.getByRole('heading', { name: 'known' }).waitFor()
    await page.getByText('Succeeded', { exact: true }).waitFor()
    expect(await seriousFaults(page)).toEqual([])
    await page.getByRole('link', { name: 'Jobs' }).first().click()
    await page.getByRole('link', { name: 'known' }).waitFor()
    expect(await page.getByText('The server does not answer').count()).toBe(1)
    await page.getByRole('link', { name: 'Collections' }).first().click()
    await page.getByText('Nothing is known of this yet').waitFor()
    expect(await page.getByText('The server does not answer').count()).toBe(1)
    expect(await seriousFaults(page)).toEqual([])
    await page.getByRole('link', { name: 'Jobs' }).first().click()
    await server().call('alice', 'POST', '/v1/jobs', { kind: 'delete', items: [{ source: { collection: 'from', path: 'none' } }], label: 'news' })
    line.mend()
    await page.getByRole('link', { name: 'news' }).waitFor()
    expect(await page.getByText('The server does not answer').count()).toBe(0)
    line.close()
  })

  it('nothing of it is kept for who did not wish to stay signed in', async () => {
    const page = await openAt('#/jobs')
    await page.getByRole('link', { name: 'known' }).waitFor()
    expect(await page.evaluate("Object.keys(sessionStorage).some(name => name.startsWith('waybill.known.jobs'))")).toBe(true)
    await page.getByRole('button', { name: 'Sign out' }).click()
    expect(await page.evaluate('sessionStorage.length')).toBe(0)
    await page.getByLabel('Stay signed in').uncheck()
    await page.getByLabel('Token').fill(await server().token('alice'))
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('link', { name: 'known' }).waitFor()
    expect(await page.evaluate('sessionStorage.length')).toBe(0)
  })
})
