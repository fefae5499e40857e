import { describe, expect, it } from 'vitest'
import { consoleWorld, overflow, seriousFaults, SEEN_MS } from './world.ts'

const { server, openAt } = consoleWorld({ quotas: { default: { collections: 5, itemsPerJob: 1_500_000 }, subjects: {} } })

describe('quotas', () => {
  it('that are set are shown with what of them is in use, in words and exactly', async () => {
    const page = await openAt('#/system', { scopes: ['read'], width: 390 })
    const quotas = page.getByRole('region', { name: 'Your quotas' })
    const collections = quotas.getByRole('listitem').filter({ hasText: 'Collections' })
    await collections.getByText('Room left').waitFor()
    await quotas.getByTitle('1,500,000').getByText('1.5 M').waitFor()
    expect(await quotas.getByRole('listitem').count()).toBe(3) // and the streams of events, which have a limit unless it is lifted
    for (const [id, word] of Object.entries({ a: 'Room left', b: 'Room left', c: 'Room left', d: 'Nearly used up', e: 'Used up' })) {
      expect((await server().call('alice', 'POST', '/v1/collections', { id })).status).toBe(201)
      if (word === 'Room left') continue
      await page.reload()
      await collections.getByText(word, { exact: true }).waitFor({ timeout: SEEN_MS })
    }
    expect(await collections.getByRole('meter').getAttribute('aria-valuetext')).toBe('5 of 5, Used up')
    expect(await seriousFaults(page)).toEqual([])
    expect(await overflow(page)).toBeLessThanOrEqual(0)
  })
})
