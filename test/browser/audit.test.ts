import { beforeAll, describe, expect, it } from 'vitest'
import { consoleWorld, overflow, seriousFaults } from './world.ts'

const { server, openAt } = consoleWorld()

beforeAll(async () => {
  await server().call('alice', 'POST', '/v1/collections', { id: 'photos' })
  await server().call('alice', 'PUT', '/v1/collections/photos/entries/2026/a.txt', 'bytes')
  await server().call('alice', 'PUT', '/v1/collections/photos/grants/bob', { role: 'readwrite' })
  await server().call('bob', 'DELETE', '/v1/collections/photos/entries/2026/a.txt')
})

describe('the audit of a collection', () => {
  it('lists who did what, newest first, by action, by subject and by day', async () => {
    const page = await openAt('#/collections/photos?tab=audit')
    await page.getByRole('row', { name: /bob deleted 2026\/a\.txt/ }).waitFor()
    await page.getByRole('row', { name: /alice gave a role/ }).waitFor()
    expect(await seriousFaults(page)).toEqual([])
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    await page.getByLabel('Action').selectOption('entry.put')
    await page.getByRole('row', { name: /bob deleted/ }).waitFor({ state: 'detached' })
    await page.getByRole('row', { name: /alice stored 2026\/a\.txt/ }).waitFor()
    expect(page.url()).toContain('action=entry.put')
    await page.getByLabel('To this day').fill('2001-01-01')
    await page.getByRole('heading', { name: 'Nothing fits these filters' }).waitFor()
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByLabel('Who').fill('bob')
    await page.getByLabel('Who').press('Enter')
    await page.getByRole('row', { name: /alice/ }).first().waitFor({ state: 'detached' })
    await page.getByRole('row', { name: /bob deleted/ }).waitFor()
  })
})
