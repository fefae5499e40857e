import { describe, expect, it } from 'vitest'
import { consoleWorld, seriousFaults, signIn } from './world.ts'

const { server, open, openAt } = consoleWorld()
const REFUSED = /status of 401/

function status(token: string): Promise<number> {
  return fetch(`${server().url}/v1/jobs`, { headers: { authorization: `Bearer ${token}` } }).then(answer => answer.status)
}

describe('tokens', () => {
  it('are made no stronger than the own one, told once, and revoked', async () => {
    const page = await openAt('#/tokens', { scopes: ['read', 'write'] })
    await page.getByRole('button', { name: 'New token' }).click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.getByRole('checkbox').count()).toBe(2)
    await dialog.getByLabel('Label').fill('nightly copies')
    await dialog.getByLabel(/^write/).check()
    await dialog.getByLabel('It ends after').selectOption({ label: '7 days' })
    expect(await seriousFaults(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Make the token' }).click()
    await page.getByText('Copy it now: it is shown this once.').waitFor()
    const secret = await page.getByRole('dialog').locator('code').first().innerText()
    expect(secret).toMatch(/^wb_/)
    expect(await status(secret)).toBe(200)
    expect(await seriousFaults(page)).toEqual([])
    await page.getByRole('button', { name: 'I have it' }).click()
    const row = page.getByRole('row', { name: /nightly copies/ })
    await row.getByText('read, write').last().waitFor()
    await row.getByText(/in 7 d|in 6 d/).waitFor()
    expect(await page.content()).not.toContain(secret)
    expect(await page.evaluate('JSON.stringify([localStorage, {...sessionStorage}])')).not.toContain(secret)
    await row.getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('Jobs that were started with it go on').waitFor()
    await page.getByRole('button', { name: 'Revoke it' }).click()
    await row.waitFor({ state: 'detached' })
    expect(await status(secret)).toBe(401)
    await page.getByLabel('Also those that have ended').check()
    await row.getByText('Revoked').waitFor()
  })

  it('of all are seen with the scope admin, and made for others', async () => {
    await server().token('carol', ['read'])
    const page = await openAt('#/tokens', { scopes: ['admin'] })
    await page.getByRole('cell', { name: 'carol' }).waitFor()
    await page.getByRole('button', { name: 'New token' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Subject').fill('dave')
    await dialog.getByLabel('It ends after').selectOption({ label: 'never' })
    await dialog.getByRole('button', { name: 'Make the token' }).click()
    await page.getByRole('button', { name: 'I have it' }).click()
    await page.getByRole('row', { name: /dave/ }).getByText('until it is revoked').waitFor()
    await page.getByLabel('Subject').fill('carol')
    await page.getByLabel('Subject').press('Enter')
    await page.getByRole('row', { name: /dave/ }).waitFor({ state: 'detached' })
    expect(page.url()).toContain('subject=carol')
    await page.getByRole('cell', { name: 'carol' }).waitFor()
    expect(await page.locator('tbody tr').count()).toBe(1)
  })

  it('the own one is marked, and revoking it signs out', async () => {
    const page = await open({ expected: REFUSED })
    await signIn(page, await server().token('erin', ['read']))
    await page.goto(`${server().url}/#/tokens`)
    await page
      .getByRole('row', { name: /This session/ })
      .getByRole('button', { name: 'Revoke' })
      .click()
    await page.getByText('you will be signed out').waitFor()
    await page.getByRole('button', { name: 'Revoke it' }).click()
    await page.getByRole('heading', { name: 'Sign in to Waybill' }).waitFor()
  })
})

describe('the system', () => {
  it('is told to the scope admin, and others are told which scope shows more', async () => {
    const page = await openAt('#/system', { scopes: ['read'] })
    await page.getByText(/are shown to tokens with the scope admin; yours has read/).waitFor()
    expect(await page.getByRole('region', { name: 'Queue' }).count()).toBe(0)
    const operator = await openAt('#/system', { scopes: ['admin'] })
    await operator.getByRole('region', { name: 'Stores' }).getByText('Answers').first().waitFor()
    await operator.getByRole('region', { name: 'Node' }).getByText('This one answered').waitFor()
    await operator.getByRole('region', { name: 'Retention' }).getByText('Jobs of the native API').waitFor()
    await operator.getByRole('region', { name: 'Queue' }).getByText('nothing waits for its first turn').waitFor()
  })
})
