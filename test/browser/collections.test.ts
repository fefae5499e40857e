import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { consoleWorld } from './world.ts'

const { server, openAt } = consoleWorld()

beforeAll(async () => {
  for (const id of ['photos', 'lab/results']) await server().call('alice', 'POST', '/v1/collections', { id })
  for (const path of ['photos/entries/2026/a%20b.png', 'photos/entries/top.txt', 'lab%2Fresults/entries/raw/1.txt']) {
    await server().call('alice', 'PUT', `/v1/collections/${path}`, `first ${path}`)
  }
  await server().call('alice', 'PUT', '/v1/collections/photos/entries/top.txt', 'second')
})

async function saved(page: Page, press: () => Promise<void>): Promise<string> {
  const downloading = page.waitForEvent('download')
  await press()
  return readFile(await (await downloading).path(), 'utf8')
}

function names(page: Page): Promise<string[]> {
  return page.locator('table.entries .entry-name').allTextContents()
}

describe('collections', () => {
  it('are found by the beginning of their id, and browsed folder by folder', async () => {
    const page = await openAt('#/collections')
    await page.getByRole('link', { name: 'photos' }).waitFor()
    await page.getByRole('searchbox').fill('lab')
    await page.getByRole('link', { name: 'photos' }).waitFor({ state: 'detached' })
    expect(page.url()).toContain('q=lab')
    await page.getByRole('link', { name: 'lab/results' }).click()
    // its folders are entries, too, and are listed once
    await expect.poll(() => names(page)).toEqual(['raw/'])
    await page.getByRole('link', { name: 'raw/' }).click()
    await expect.poll(() => names(page)).toEqual(['1.txt'])
    await page.goBack()
    await expect.poll(() => names(page)).toEqual(['raw/'])
  })

  it('have files with versions, which are downloaded and deleted', async () => {
    const page = await openAt('#/collections/photos')
    await expect.poll(() => names(page)).toEqual(['2026/', 'top.txt'])
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    const panel = page.getByRole('complementary', { name: 'File top.txt' })
    await panel.getByText('Not locked.').waitFor()
    expect(await saved(page, () => panel.getByRole('button', { name: 'Download', exact: true }).click())).toBe('second')
    expect(await saved(page, () => panel.getByRole('button', { name: 'Download version 1' }).click())).toBe('first photos/entries/top.txt')
    await panel.getByText('Change the type and the fields').click()
    await panel.getByLabel('Fields, as a JSON object').fill('{"title": ')
    const save = panel.getByRole('button', { name: 'Save the changes' })
    expect(await save.isDisabled()).toBe(true)
    await panel.getByLabel('Fields, as a JSON object').fill('{"title": "The top"}')
    await panel.getByLabel('Media type').fill('text/plain')
    await save.click()
    await panel.getByRole('button', { name: 'Download version 3' }).waitFor()
    const metadata = await server().call('alice', 'GET', '/v1/collections/photos/metadata/top.txt')
    expect(await metadata.json()).toMatchObject({ version: 3, size: 6, mediaType: 'text/plain', fields: { title: 'The top' } })
    await panel.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('button', { name: 'Delete this file' }).click()
    await expect.poll(() => names(page)).toEqual(['2026/'])
  })

  it('show entries that are no files by icon and word, and folders for what they are', async () => {
    const sent = { 'x-cm-well-type': 'OBJ', 'content-type': 'application/json' }
    await server().call('alice', 'POST', '/lab.org/graph/thing', '{"title":"A thing"}', sent)
    await server().call('alice', 'POST', '/lab.org/graph/alias', '/lab.org/graph/thing', { 'x-cm-well-type': 'LN', 'content-type': 'text/plain' })
    const page = await openAt('#/collections/lab.org?prefix=graph/')
    await expect.poll(() => names(page)).toEqual(['aliasLink', 'thingObject'])
    await page.getByRole('link', { name: 'thing', exact: true }).click()
    const panel = page.getByRole('complementary', { name: 'Object graph/thing' })
    await panel.getByText('has fields alone and no bytes').waitFor()
    expect(await panel.getByRole('button', { name: /Download/ }).count()).toBe(0)
    await page.getByRole('button', { name: 'About this folder' }).click()
    await page.getByRole('complementary', { name: 'Folder graph' }).getByText('holds other entries').waitFor()
    await page.keyboard.press('Escape')
    await page.getByLabel('Beginning of the name').fill('th')
    await page.getByLabel('Beginning of the name').press('Enter')
    await expect.poll(() => names(page)).toEqual(['thingObject'])
    expect(page.url()).toContain('name=th')
  })

  it('are renamed, and deleted when they are empty', async () => {
    await server().call('alice', 'POST', '/v1/collections', { id: 'brief' })
    const page = await openAt('#/collections/brief?tab=about')
    await page.getByText('Change the name and the attributes').click()
    await page.getByLabel('Name', { exact: true }).fill('For a short time')
    await page.getByLabel('Attributes, as a JSON object').fill('{"project": 7}')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('heading', { name: 'For a short time', level: 1 }).waitFor()
    await page.getByText('"project": 7').first().waitFor()
    await page.getByRole('button', { name: 'Delete the collection' }).click()
    await page.getByLabel('Type brief to go on').fill('brief')
    await page.getByRole('button', { name: 'Delete this collection' }).click()
    await page.getByRole('heading', { name: 'Collections', level: 1 }).waitFor()
    expect((await server().call('alice', 'GET', '/v1/collections/brief')).status).toBe(404)
  })

  it('take dropped files, tell of those that were refused, and delete a folder only when its collection is named', async () => {
    const page = await openAt('#/collections/photos?prefix=2026/', { expected: /status of 423/ })
    await expect.poll(() => names(page)).toEqual(['a b.png'])
    await server().call('alice', 'PUT', '/v1/collections/photos/grants/bob', { role: 'readwrite' })
    await server().call('bob', 'PUT', '/v1/collections/photos/locks/2026/locked.txt', { ttlSeconds: 60, reason: 'not now' })
    const data = await page.evaluateHandle(`(() => {
      const data = new DataTransfer()
      for (const name of ['new.txt', 'locked.txt']) data.items.add(new File(['dropped'], name))
      return data
    })()`)
    for (const type of ['dragover', 'drop']) await page.dispatchEvent('.drop-zone', type, { dataTransfer: data })
    await page.getByText('1 of 2 files stored').waitFor()
    await page
      .getByRole('alert')
      .getByText(/locked by "bob".*not now/)
      .waitFor()
    await expect.poll(() => names(page)).toEqual(['a b.png', 'new.txt'])
    await page.getByRole('link', { name: 'photos' }).first().click()
    await page.getByLabel('Pick 2026/').check()
    await page.getByRole('button', { name: 'Delete' }).click()
    const dialog = page.getByRole('dialog')
    const button = dialog.getByRole('button', { name: 'Delete everything in 1 folder' })
    expect(await button.isDisabled()).toBe(true)
    await dialog.getByLabel('Type photos to go on').fill('photos')
    await button.click()
    await page.getByText('Succeeded', { exact: true }).waitFor()
  })

  it('have grants and locks', async () => {
    const page = await openAt('#/collections/lab%2Fresults?tab=access')
    await page.getByLabel('Subject', { exact: true }).fill('carol')
    await page.getByLabel('Role', { exact: true }).selectOption('readwrite')
    await page.getByRole('button', { name: 'Give the role' }).click()
    await page.getByLabel('Role of carol').selectOption('admin')
    const grants = async (): Promise<string> => (await server().call('alice', 'GET', '/v1/collections/lab%2Fresults/grants')).text()
    await expect.poll(grants).toMatch(/"subject":"carol","role":"admin"/)
    await page.getByRole('row', { name: /carol/ }).getByRole('button', { name: 'Take away' }).click()
    await page.getByRole('button', { name: 'Take it from carol' }).click()
    await expect.poll(grants).not.toContain('carol')
    await page.getByRole('tab', { name: 'About' }).click()
    await page.getByPlaceholder('Reason').fill('audit')
    await page.getByRole('button', { name: 'Lock', exact: true }).click()
    await page.getByText(/The whole collection is locked by alice.*audit/).waitFor()
    await page.getByRole('button', { name: 'Release' }).click()
    await page.getByText('Not locked.').waitFor()
  })
})
