import { beforeAll, describe, expect, it } from 'vitest'
import { consoleWorld, overflow, seriousFaults, signIn } from './world.ts'

const { server, open, openAt } = consoleWorld()

beforeAll(async () => {
  await server().call('alice', 'POST', '/v1/collections', { id: 'photos' })
})

describe('webhooks', () => {
  it('are made with their secret told once, looked at, and deleted', async () => {
    const page = await openAt('#/collections/photos?tab=webhooks')
    await page.getByRole('heading', { name: 'No webhooks here' }).waitFor()
    await page.getByText('New webhook', { exact: true }).click()
    await page.getByLabel('URL').fill('https://receiver.example/waybill')
    await page.getByLabel(/^item\.failed/).check()
    expect(await seriousFaults(page)).toEqual([])
    await page.getByRole('button', { name: 'Make the webhook' }).click()
    await page.getByText(/^whsec_/).waitFor()
    await page.getByRole('button', { name: 'I have it' }).click()
    expect(await page.content()).not.toContain('whsec_')
    const hook = page.locator('.webhooks > li', { hasText: 'receiver.example' })
    await hook.getByText('Active').waitFor()
    await hook.getByText(/item\.failed/).waitFor()
    await hook.getByRole('button', { name: 'Deliveries' }).click()
    await hook.getByText('Nothing was to be delivered lately.').waitFor()
    expect(await seriousFaults(page)).toEqual([])
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    await hook.getByRole('button', { name: 'Delete' }).click()
    await page.getByText('Nothing more is sent to').waitFor()
    await page.getByRole('button', { name: 'Delete the webhook' }).click()
    await page.getByRole('heading', { name: 'No webhooks here' }).waitFor()
  })

  it('of a job are on its page; only admins of a collection have its own', async () => {
    await server().call('alice', 'PUT', '/v1/collections/photos/grants/bob', { role: 'readwrite' })
    const body = { kind: 'delete', items: [{ source: { collection: 'photos', path: 'none' } }] }
    const { id } = (await (await server().call('alice', 'POST', '/v1/jobs', body)).json()) as { id: string }
    const page = await openAt(`#/jobs/${id}?tab=webhooks`)
    await page.getByText('the events of this job').waitFor()
    await page.getByRole('heading', { name: 'No webhooks here' }).waitFor()
    await page.goto(`${server().url}/#/collections/photos`)
    await page.getByRole('tab', { name: 'Webhooks' }).waitFor()
    const bobs = await open()
    await signIn(bobs, await server().token('bob'))
    await bobs.goto(`${server().url}/#/collections/photos`)
    await bobs.getByRole('tab', { name: 'Access' }).waitFor()
    expect(await bobs.getByRole('tab', { name: /Webhooks|Audit/ }).count()).toBe(0)
  })
})
