import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { errorsPage } from '../../scripts/errors-page.ts'
import { ROOT } from './pages.ts'

it('the page of errors says what the catalogue says; when it is meant to change: npm run --silent errors > docs/reference/errors.md', async () => {
  expect(await readFile(join(ROOT, 'docs/reference/errors.md'), 'utf8')).toBe(errorsPage)
})
