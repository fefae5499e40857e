import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { layLine } from './line.ts'
import { consoleWorld, SEEN_MS } from './world.ts'

const { server, openAt } = consoleWorld()
const WAIT = { prefer: 'wait=30' }

interface Job {
  readonly id: string
  readonly number: string
}

const item = (path: string): object => ({ source: { collection: 'from', path }, destination: { collection: 'to' } })

async function submit(body: object, headers: Record<string, string> = WAIT): Promise<Job> {
  return (await (await server().call('alice', 'POST', '/v1/jobs', body, headers)).json()) as Job
}

/** A job of some ten thousand items that has been begun and is not finished: it is paused. */
async function paused(label: string): Promise<Job> {
  const lines = Array.from({ length: 60_000 }, (_, n) => JSON.stringify({ ...item('a'), destination: { collection: 'to', path: `${label}/${n}` } })).join('\n')
  const submitted = await server().call('alice', 'POST', `/v1/jobs?kind=copy&label=${label}`, lines, { 'content-type': 'application/x-ndjson' })
  const { id } = (await submitted.json()) as Job
  const answer = await server().call('alice', 'POST', `/v1/jobs/${id}/pause`)
  const job = (await answer.json()) as Job & { readonly state: string }
  expect([answer.status, job.state]).not.toContain('finished')
  return job
}

beforeAll(async () => {
  for (const id of ['from', 'to']) await server().call('alice', 'POST', '/v1/collections', { id })
  for (const path of ['a', 'b']) await server().call('alice', 'PUT', `/v1/collections/from/entries/${path}`, path)
})

function rows(page: Page): Promise<string[]> {
  return page.locator('table.jobs tbody tr .job-name a').allTextContents()
}

describe('the list of jobs', () => {
  it('tells what to do when there is none', async () => {
    const page = await openAt('#/jobs')
    await page.getByRole('heading', { name: 'No jobs yet' }).waitFor()
    await page.getByText('./waybill cp').waitFor()
  })

  it('is filtered by its address, goes back, and finds a job by its number', async () => {
    const good = await submit({ kind: 'copy', items: [item('a')], label: 'good' })
    await submit({ kind: 'delete', items: [{ source: { collection: 'from', path: 'none' } }], label: 'bad' })
    const page = await openAt('#/jobs?outcome=failed')
    await expect.poll(() => rows(page), { timeout: SEEN_MS }).toEqual(['bad'])
    await page.getByLabel('Outcome').selectOption('')
    await expect.poll(() => rows(page)).toEqual(['bad', 'good'])
    await page.getByLabel('Kind').selectOption('copy')
    await expect.poll(() => rows(page)).toEqual(['good'])
    expect(page.url()).toContain('kind=copy')
    await page.getByRole('searchbox').fill('OO')
    await page.getByRole('searchbox').press('Enter')
    await expect.poll(() => page.url()).toContain('labelContains=OO')
    await expect.poll(() => rows(page)).toEqual(['good'])
    await page.goBack()
    await page.goBack()
    await expect.poll(() => rows(page)).toEqual(['bad', 'good'])
    const search = page.getByRole('searchbox')
    await page.getByRole('heading', { name: 'Jobs' }).click()
    await page.keyboard.press('/')
    await page.keyboard.type('good')
    await page.keyboard.press('Enter')
    await expect.poll(() => rows(page)).toEqual(['good'])
    await search.fill(good.number)
    await search.press('Enter')
    await page.getByRole('heading', { name: 'good' }).waitFor()
    await page.goto(`${server().url}/#/jobs?label=none`)
    await page.getByRole('heading', { name: 'No job fits these filters' }).waitFor()
  })

  it('shows new jobs as they come, and moves with the keyboard', async () => {
    const page = await openAt('#/jobs?label=live')
    await page.getByRole('heading', { name: 'No job fits these filters' }).waitFor()
    await submit({ kind: 'copy', items: [item('a'), item('none')], label: 'live' })
    await page.locator('tr', { hasText: 'live' }).getByText('1 failed').waitFor()
    await page.locator('tr', { hasText: 'live' }).getByText('Partial').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'live' }).waitFor()
  })
})

describe('a job', () => {
  it('is paused, goes on, and is seen to its end without asking again', async () => {
    const job = await paused('many')
    const page = await openAt(`#/jobs/${job.id}`)
    await page.getByText('Paused', { exact: true }).waitFor()
    await page.getByText('The job is paused; resume it to go on.').waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText('Succeeded', { exact: true }).waitFor()
    await page.getByRole('link', { name: '60 k done' }).waitFor()
    expect(await page.locator('[role=status][aria-live]').textContent()).toBe('The job is now: Succeeded')
  })

  it('is cancelled after a question that says what will happen', async () => {
    const job = await paused('stopped')
    const page = await openAt(`#/jobs/${job.id}`)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page
      .getByRole('dialog')
      .getByText(/[\d,]+ items not yet done become cancelled\./)
      .waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: /^Cancel [\d,]+ items$/ }).click()
    await page.locator('.job-head').getByText('Cancelled', { exact: true }).waitFor()
  })

  it('tells why an item failed, and each item, event and fact of it', async () => {
    const revision = '0'.repeat(32)
    const job = await submit({
      kind: 'copy',
      items: [item('a'), item('none'), { source: { collection: 'from', path: 'b', ifMatch: revision }, destination: { collection: 'to' } }],
    })
    const page = await openAt(`#/jobs/${job.id}`)
    await page.getByRole('link', { name: '1 failed' }).click()
    await page.getByRole('gridcell', { name: 'There is no file "none" in "from". entry_not_found' }).waitFor()
    expect(await page.locator('.grid-space .grid-row').count()).toBe(1)
    await page.locator('.grid-space .grid-row').click()
    await page.getByRole('complementary', { name: 'Item 2' }).getByText('from:none').waitFor()
    expect(page.url()).toMatch(/state=failed.*item=1/)
    await page.keyboard.press('Escape')
    await page.getByRole('complementary').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByRole('searchbox').fill('b')
    await page.getByRole('searchbox').press('Enter')
    await page.getByRole('gridcell', { name: /condition_failed/ }).waitFor()
    await expect.poll(() => page.locator('.grid-space .grid-row').count(), { timeout: SEEN_MS }).toBe(1)
    await page.getByRole('tab', { name: 'Items' }).press('ArrowRight')
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('tab-Events')
    expect(page.url()).toContain('tab=events')
    await page.getByText('finished: partial').waitFor()
    await page.getByRole('tab', { name: 'Details' }).click()
    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: 'NDJSON' }).click()
    const download = await downloading
    expect(download.suggestedFilename()).toBe(`job-${job.number}.ndjson`)
    expect((await readFile(await download.path(), 'utf8')).trimEnd().split('\n')).toHaveLength(3)
  })

  it('says when the line is down and what was known last, and goes on when it is back', async () => {
    const job = await paused('lost')
    const line = await layLine(server().url)
    const page = await openAt(`#/jobs/${job.id}`, { url: line.url, expected: /ERR_/ })
    await page.getByText('Live', { exact: true }).waitFor()
    line.cut()
    await page.getByText(/Connection lost; last known/).waitFor()
    await server().call('alice', 'POST', `/v1/jobs/${job.id}/resume`)
    line.mend()
    await page.getByText('Succeeded', { exact: true }).waitFor()
    expect(await page.getByText(/Connection lost/).count()).toBe(0)
    line.close()
  })

  it('that is not there is told so, with the request to ask for', async () => {
    const page = await openAt('#/jobs/0000', { expected: /status of 404/ })
    await page.getByText('There is no job "0000" that you may see.').waitFor()
    await page.getByText(/job_not_found · request /).waitFor()
  })
})
