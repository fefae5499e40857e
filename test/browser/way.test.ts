import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { consoleWorld, signIn } from './world.ts'

const { server, open, openAt } = consoleWorld()
let files = ''

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'waybill-browser-'))
  for (const name of ['a.txt', 'b.txt', 'c.txt']) await writeFile(join(files, name), `the bytes of ${name}`)
})
afterAll(() => rm(files, { recursive: true }))

async function makeCollection(page: Page, id: string): Promise<void> {
  await page.getByRole('link', { name: 'Collections' }).first().click()
  await page.getByRole('button', { name: 'New collection' }).click()
  await page.getByRole('dialog').getByLabel('Id').fill(id)
  await page.getByRole('button', { name: 'Make it' }).click()
  await page.getByRole('heading', { name: id, level: 1 }).waitFor()
}

/** Drops files on an element, as from a file manager. */
async function drop(page: Page, selector: string, dropped: Readonly<Record<string, string>>): Promise<void> {
  const data = await page.evaluateHandle<DataTransferLike>(`(() => {
    const data = new DataTransfer()
    for (const [name, text] of Object.entries(${JSON.stringify(dropped)})) data.items.add(new File([text], name))
    return data
  })()`)
  for (const type of ['dragenter', 'dragover', 'drop']) await page.dispatchEvent(selector, type, { dataTransfer: data })
}
type DataTransferLike = object

describe('the whole way', () => {
  it('from signing in to the report: upload, plan, copy, watch, look for what failed, mend, retry', async () => {
    const page = await open()
    await signIn(page, await server().token('alice'))
    await makeCollection(page, 'copies')
    await makeCollection(page, 'originals')
    await page.getByLabel('Upload').setInputFiles(['a.txt', 'b.txt'].map(name => join(files, name)))
    await page.getByText('2 of 2 files stored').waitFor()
    await page.getByRole('link', { name: 'a.txt' }).waitFor()

    // a manifest that names a file which is not there yet
    await page.getByRole('button', { name: 'New job' }).click()
    await page.getByRole('button', { name: 'Manifest' }).click()
    const rows = ['a.txt', 'b.txt', 'c.txt'].map(name => `originals,${name},copies,2026/${name}`)
    await drop(page, '.manifest-drop', { 'list.csv': ['sourceCollection,sourcePath,destinationCollection,destinationPath', ...rows, ''].join('\n') })
    await page.getByText('list.csv').waitFor()
    await page.getByText('More options').click()
    await page.getByLabel('Label', { exact: true }).fill('the whole way')
    await page.getByRole('button', { name: 'Show the plan' }).click()
    await page.getByText('2 files would be copied').waitFor()
    await page.getByRole('dialog').getByText('There is no file "c.txt" in "originals".').waitFor()
    expect(((await (await server().call('alice', 'GET', '/v1/collections/copies/entries')).json()) as { items: unknown[] }).items).toEqual([])
    await page.getByRole('button', { name: 'Copy 2 files' }).click()

    await page.getByRole('heading', { name: 'the whole way' }).waitFor()
    await page.getByText('Partial', { exact: true }).waitFor()
    await page.getByRole('link', { name: '1 failed' }).click()
    await page.getByRole('gridcell', { name: /There is no file "c.txt"/ }).waitFor()
    await server().call('alice', 'PUT', '/v1/collections/originals/entries/c.txt', await readFile(join(files, 'c.txt'), 'utf8'))
    await page.getByRole('button', { name: 'Retry 1 failed' }).click()
    await page.getByRole('button', { name: 'Retry 1 item' }).click()
    await page.getByText('Succeeded', { exact: true }).waitFor()
    await page.getByRole('heading', { name: 'No item fits this filter' }).waitFor()

    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Report' }).click()
    const report = await readFile(await (await downloading).path(), 'utf8')
    expect(
      report
        .trimEnd()
        .split('\r\n')
        .map(line => line.split(',').slice(0, 4).join()),
    ).toEqual(['seq,state,sourceCollection,sourcePath', '0,done,originals,a.txt', '1,done,originals,b.txt', '2,done,originals,c.txt'])
    const copied = await server().call('alice', 'GET', '/v1/collections/copies/entries/2026/c.txt')
    expect(await copied.text()).toBe('the bytes of c.txt')
  })

  it('of a move of what was picked, and of a selection by its pattern', async () => {
    for (const id of ['desk', 'shelf']) await server().call('alice', 'POST', '/v1/collections', { id })
    for (const path of ['in/x/1.txt', 'in/x/2.png', 'in/y.txt', 'in/z.txt']) await server().call('alice', 'PUT', `/v1/collections/desk/entries/${path}`, path)
    const page = await openAt('#/collections/desk?prefix=in/')
    await page.getByLabel('Pick x/').check()
    await page.getByLabel('Pick y.txt').check()
    await page.getByRole('button', { name: 'Move' }).click()
    const to = page.getByRole('group', { name: 'To', exact: true })
    await to.getByLabel('Collection').fill('shelf')
    await to.getByLabel('Folder').fill('out/')
    await page.getByRole('button', { name: 'Show the plan' }).click()
    await page.getByText('desk:in/y.txt → shelf:out/y.txt').waitFor()
    await page.getByRole('button', { name: 'Move 3 files' }).click()
    await page.getByText('Succeeded', { exact: true }).waitFor()
    const paths = async (id: string): Promise<string[]> =>
      ((await (await server().call('alice', 'GET', `/v1/collections/${id}/entries`)).json()) as { items: { path: string }[] }).items.map(({ path }) => path)
    expect([await paths('desk'), await paths('shelf')]).toEqual([['in/z.txt'], ['out/x/1.txt', 'out/x/2.png', 'out/y.txt']])

    await page.keyboard.press('c')
    const from = page.getByRole('group', { name: 'From', exact: true })
    await from.getByLabel('Collection').fill('shelf')
    await from.getByLabel('Pattern').fill('**/*.png')
    await to.getByLabel('Collection').fill('shelf')
    await to.getByLabel('Folder').fill('pictures/')
    await page.getByLabel('Where a file is there already').selectOption('skip')
    await page.getByRole('button', { name: 'Show the plan' }).click()
    await page.getByText('1 file would be copied').waitFor()
    await page.getByRole('button', { name: 'Back' }).click()
    await from.getByLabel('Pattern').fill('none')
    await page.getByRole('button', { name: 'Show the plan' }).click()
    await page.getByText('Nothing fits').waitFor()
    expect(await page.getByRole('button', { name: 'Copy 0 files' }).isDisabled()).toBe(true)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('of a manifest with a wrong line ends with the line and what is wrong in it', async () => {
    const page = await openAt('#/jobs?new=copy', { expected: /status of 400/ })
    await page.getByRole('button', { name: 'Manifest' }).click()
    await drop(page, '.manifest-drop', { 'list.ndjson': '{"source": {"collection": "desk", "path": "a"}}\n{"sauce": 1}\n' })
    await page.getByRole('button', { name: 'Show the plan' }).click()
    await page.getByRole('alert').getByText('line', { exact: false }).first().waitFor()
    expect(await page.getByRole('alert').textContent()).toContain('invalid_')
  })
})
