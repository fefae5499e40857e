import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { consoleWorld, SEEN_MS } from './world.ts'

const { server, openAt } = consoleWorld()
const MANY = 100_000
/** Every tenth is missing. */
const MISSING = 10
/** A screen's rows and what is drawn beyond its edges: never more, however long the list. */
const MOST_ROWS = 70
let job = ''

beforeAll(async () => {
  for (const id of ['from', 'to']) await server().call('alice', 'POST', '/v1/collections', { id })
  await server().call('alice', 'PUT', '/v1/collections/from/entries/a', 'a')
  const line = (n: number): string =>
    JSON.stringify({ source: { collection: 'from', path: n % MISSING === 0 ? `missing/${n}` : 'a' }, destination: { collection: 'to', path: `copy/${n}` } })
  const lines = Array.from({ length: MANY }, (_, n) => line(n)).join('\n')
  const submitted = await server().call('alice', 'POST', '/v1/jobs?kind=copy', lines, { 'content-type': 'application/x-ndjson' })
  job = ((await submitted.json()) as { id: string }).id
  const finished = await server().call('alice', 'GET', `/v1/jobs/${job}`, undefined, { prefer: 'wait=60' })
  expect(await finished.json()).toMatchObject({ state: 'finished' })
}, 120_000)

/** The numbers of the rows in view, top to bottom; null where a row is blank. */
function inView(page: Page): Promise<(number | null)[]> {
  return page.evaluate(`(() => {
    const body = document.querySelector('.grid-body').getBoundingClientRect()
    return [...document.querySelectorAll('.grid-space .grid-row')]
      .map(row => ({ at: row.getBoundingClientRect(), text: row.classList.contains('blank') ? null : Number(row.querySelector('.col-seq').textContent.replaceAll(',', '')) }))
      .filter(({ at }) => at.bottom > body.top + 1 && at.top < body.bottom - 1)
      .sort((a, b) => a.at.top - b.at.top)
      .map(({ text }) => text)
  })()`)
}

/** Waits until the rows in view are all there, one behind the other, and returns the first one's number. */
async function settled(page: Page): Promise<number> {
  let rows: (number | null)[] = []
  await expect
    .poll(
      async () => {
        rows = await inView(page)
        const first = rows[0] ?? 0
        return rows.length >= 5 && rows.every((row, at) => row === first + at)
      },
      { timeout: SEEN_MS },
    )
    .toBe(true)
  expect(await page.locator('.grid-space .grid-row').count()).toBeLessThan(MOST_ROWS)
  return rows[0] ?? 0
}

async function scrollTo(page: Page, share: number): Promise<void> {
  await page.evaluate(`(() => {
    const body = document.querySelector('.grid-body')
    body.scrollTop = (body.scrollHeight - body.clientHeight) * ${share}
  })()`)
}

describe('the items of a job of 100,000', () => {
  it('are all there, wherever the bar is dragged, without blanks', async () => {
    const page = await openAt(`#/jobs/${job}`)
    expect(await settled(page)).toBe(1)
    expect(await page.getByRole('grid', { name: 'Items' }).getAttribute('aria-rowcount')).toBe(String(MANY + 1))
    for (const share of [0.5, 0.25, 0.9, 1, 0.001, 0]) {
      await scrollTo(page, share)
      const first = await settled(page)
      expect(Math.abs(first - share * MANY), `at ${share}`).toBeLessThan(MANY / 100)
    }
    await scrollTo(page, 1)
    await expect.poll(async () => (await inView(page)).at(-1), { timeout: SEEN_MS }).toBe(MANY)
  })

  it('are scrolled by the wheel row by row', async () => {
    const page = await openAt(`#/jobs/${job}`)
    await settled(page)
    await page.locator('.grid-body').hover()
    let before = 1
    for (let turns = 0; turns < 20; turns++) {
      await page.mouse.wheel(0, 220)
      await expect.poll(async () => (await inView(page))[0], { timeout: SEEN_MS }).not.toBe(before)
      const first = await settled(page)
      expect(first - before).toBeLessThanOrEqual(6)
      before = first
    }
    expect(before).toBeGreaterThan(80)
  })

  it('are walked with the keyboard, and opened', async () => {
    const page = await openAt(`#/jobs/${job}`)
    await settled(page)
    await page.keyboard.press('j')
    const grid = page.getByRole('grid', { name: 'Items' })
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('items')
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    expect(await grid.getAttribute('aria-activedescendant')).toBe('items-1')
    await page.keyboard.press('End')
    await expect.poll(async () => (await inView(page)).at(-1), { timeout: SEEN_MS }).toBe(MANY)
    expect(await grid.getAttribute('aria-activedescendant')).toBe(`items-${MANY - 1}`)
    await page.keyboard.press('k')
    await page.keyboard.press('Enter')
    await page.getByRole('complementary', { name: 'Item 99,999' }).getByText('to:copy/99998').waitFor()
    await page.keyboard.press('Home')
    expect(await settled(page)).toBe(1)
  })

  it('are gone to by number and by percentage, in the whole list and in a filtered one', async () => {
    const page = await openAt(`#/jobs/${job}`)
    await settled(page)
    const seek = page.getByLabel('Go to an item')
    await seek.fill('70,000')
    await seek.press('Enter')
    await expect.poll(async () => (await inView(page))[0], { timeout: SEEN_MS }).toBe(70_000)
    expect(page.url()).toContain('from=69999')
    await page.locator('.grid-body').hover()
    await page.mouse.wheel(0, 4400)
    await expect.poll(async () => (await inView(page))[0], { timeout: SEEN_MS }).not.toBe(70_000)
    await page.getByRole('button', { name: 'Go', exact: true }).click()
    await expect.poll(async () => (await inView(page))[0], { timeout: SEEN_MS }).toBe(70_000)
    await page.getByRole('button', { name: 'Failed', exact: true }).click()
    await page.getByText('The items from number 70,000 on that fit the filter.').waitFor()
    await expect.poll(async () => (await inView(page)).slice(0, 2), { timeout: SEEN_MS }).toEqual([70_001, 70_011])
    await seek.fill('50%')
    await seek.press('Enter')
    await expect.poll(async () => (await inView(page)).slice(0, 2), { timeout: SEEN_MS }).toEqual([50_001, 50_011])
    await page.getByRole('button', { name: 'From the first' }).click()
    await expect.poll(async () => (await inView(page))[0], { timeout: SEEN_MS }).toBe(1)
    await seek.fill('nowhere')
    expect(await page.getByRole('button', { name: 'Go', exact: true }).isDisabled()).toBe(true)
  })

  it('are filtered, and the failed ones followed to the last', async () => {
    const page = await openAt(`#/jobs/${job}?state=failed&path=missing/9`)
    const failed = Array.from({ length: MANY / MISSING }, (_, n) => n * MISSING).filter(n => String(n).startsWith('9'))
    const last = (failed.at(-1) ?? 0) + 1
    await expect.poll(async () => (await inView(page)).slice(0, 3), { timeout: SEEN_MS }).toEqual([91, 901, 911])
    for (let round = 0; round < 30 && (await inView(page)).at(-1) !== last; round++) {
      await scrollTo(page, 1)
      await expect.poll(async () => (await inView(page)).includes(null), { timeout: SEEN_MS }).toBe(false)
    }
    expect((await inView(page)).at(-1)).toBe(last)
    expect(await page.getByRole('grid', { name: 'Items' }).getAttribute('aria-rowcount')).toBe(String(failed.length + 1))
    await page.goto(`${server().url}/#/jobs/${job}?path=nothing`)
    await page.getByRole('heading', { name: 'No item fits this filter' }).waitFor()
  })
})
