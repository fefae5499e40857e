import { beforeAll, describe, expect, it } from 'vitest'
import { consoleWorld, overflow, seriousFaults } from './world.ts'

const { server, open, openAt } = consoleWorld()
const WAIT = { prefer: 'wait=30' }
let job = ''

beforeAll(async () => {
  for (const id of ['photos', 'archive']) await server().call('alice', 'POST', '/v1/collections', { id })
  const name = `a-${'long-'.repeat(30)}name.txt`
  for (const path of [name, '2026/b.txt']) await server().call('alice', 'PUT', `/v1/collections/photos/entries/${path}`, 'bytes')
  await server().call('alice', 'PUT', '/v1/collections/photos/grants/a-subject-with-a-very-long-name@a-long-domain.example', { role: 'readonly' })
  await server().call('alice', 'PUT', '/v1/collections/photos/lock', { ttlSeconds: 600, reason: 'audit' })
  await server().call('alice', 'POST', '/v1/webhooks', { collection: 'photos', url: `https://receiver.example/${'long-'.repeat(30)}path` })
  const item = (path: string, more = {}): object => ({ source: { collection: 'photos', path, ...more }, destination: { collection: 'archive', path } })
  const items = [item(name), item('none'), item('2026/b.txt', { ifMatch: '0'.repeat(32) })]
  const body = { kind: 'copy', items, label: 'a label that is rather long, as labels of people are who want to find it again' }
  job = ((await (await server().call('alice', 'POST', '/v1/jobs', body, WAIT)).json()) as { id: string }).id
})

/** Every page, with what shows that it is there. */
const PAGES: readonly { readonly name: string; readonly address: () => string; readonly shows: string }[] = [
  { name: 'jobs', address: () => '#/jobs', shows: 'Partial' },
  { name: 'no jobs', address: () => '#/jobs?label=none', shows: 'No job fits these filters' },
  { name: 'a job', address: () => `#/jobs/${job}`, shows: 'entry_not_found' },
  { name: 'an item', address: () => `#/jobs/${job}?item=1`, shows: 'Attempts' },
  { name: 'events', address: () => `#/jobs/${job}?tab=events`, shows: 'finished: partial' },
  { name: 'webhooks of a job', address: () => `#/jobs/${job}?tab=webhooks`, shows: 'No webhooks here' },
  { name: 'details', address: () => `#/jobs/${job}?tab=facts`, shows: 'Kept until' },
  { name: 'collections', address: () => '#/collections', shows: 'archive' },
  { name: 'a collection', address: () => '#/collections/photos', shows: '2026/' },
  { name: 'a file', address: () => '#/collections/photos?prefix=2026/&entry=2026/b.txt', shows: 'is locked by alice' },
  { name: 'access', address: () => '#/collections/photos?tab=access', shows: 'a-subject-with' },
  { name: 'about a collection', address: () => '#/collections/photos?tab=about', shows: 'audit' },
  { name: 'webhooks', address: () => '#/collections/photos?tab=webhooks', shows: 'https://receiver.example/long-' },
  { name: 'the audit', address: () => '#/collections/photos?tab=audit', shows: 'gave a role' },
  { name: 'a new job', address: () => '#/jobs?new=copy&source=photos', shows: 'Name the collection that the files go to.' },
  { name: 'tokens', address: () => '#/tokens', shows: 'This session’s' },
  { name: 'the system', address: () => '#/system', shows: 'Ledger and stores answer' },
]

describe.each([
  { light: 'light', dark: false, width: 1280 },
  { light: 'dark', dark: true, width: 1280 },
  { light: 'light, on a phone', dark: false, width: 390 },
])('in the $light', ({ dark, width }) => {
  it('every page is readable by everybody, and no wider than its window', { timeout: 120_000 }, async () => {
    const page = await openAt('#/jobs', { dark, width, scopes: ['admin'] })
    for (const { name, address, shows } of PAGES) {
      await page.goto(`${server().url}/${address()}`)
      // on a phone some of it may be further down, or shown as an icon alone
      await page.getByText(shows).first().waitFor({ state: 'attached' })
      expect(await seriousFaults(page), name).toEqual([])
      expect(await overflow(page), name).toBeLessThanOrEqual(0)
    }
  })

  it('so is the sign-in', async () => {
    const page = await open({ dark, width })
    await page.getByRole('heading', { name: 'Sign in to Waybill' }).waitFor()
    expect(await seriousFaults(page)).toEqual([])
    expect(await overflow(page)).toBeLessThanOrEqual(0)
  })
})
