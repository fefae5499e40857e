import { describe, expect, it } from 'vitest'
import { consoleWorld, signIn } from './world.ts'

const { server, open, openAt } = consoleWorld()
/** What Chromium says of an answer of 401 that was expected. */
const REFUSED = /status of 401/

describe('signing in', () => {
  it('needs a token that the server takes, and keeps it in the tab only', async () => {
    const page = await open({ expected: REFUSED })
    await page.getByLabel('Token').fill('wb_wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('The server does not take this token.').waitFor()
    const token = await server().token('alice')
    await signIn(page, token)
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor()
    expect(await page.evaluate('JSON.stringify([localStorage, document.cookie])')).not.toContain(token)
    expect(page.url()).not.toContain(token)
    await page.reload()
    await page.getByText('alice').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in to Waybill' }).waitFor()
    expect(await page.evaluate('sessionStorage.length')).toBe(0)
  })

  it('is for as long as the page, when that is wished', async () => {
    const page = await open()
    await page.getByLabel('Stay signed in').uncheck()
    await signIn(page, await server().token('alice'))
    expect(await page.evaluate('sessionStorage.length')).toBe(0)
    await page.reload()
    await page.getByRole('heading', { name: 'Sign in to Waybill' }).waitFor()
  })

  it('ends, and says why, when the token ends', async () => {
    const page = await open({ expected: REFUSED })
    await signIn(page, await server().token('carol'))
    const { items } = await server().ledger.tokens({ limit: 100 })
    await server().ledger.revokeToken(items.find(({ subject }) => subject === 'carol')?.id ?? '')
    await page.goto(`${server().url}/#/collections`)
    await page.getByText('it has expired or was revoked').waitFor()
  })

  it('leads on to where the address says', async () => {
    const page = await openAt('#/system')
    await page.getByText('Ledger and stores answer, in').waitFor()
    await page.getByText('/v1/jobs/{job}/items').waitFor()
  })
})
