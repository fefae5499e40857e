import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { expect, it } from 'vitest'
import { pages, ROOT, textOf } from './pages.ts'

/** Every text of the project for people. */
const texts = [
  ...pages(),
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'bench'))
    .filter(name => name.endsWith('.md'))
    .map(name => join('bench', name)),
]

/** Without what is code: there, brackets mean something else. */
const prose = (page: string): string =>
  textOf(page)
    .replace(/^ *```.*?^ *```$/gms, '')
    .replace(/`[^`\n]*`/g, '')

/** The links within the project, each as the file and the anchor it leads to. */
function linksOf(page: string): { readonly link: string; readonly file: string; readonly anchor: string | null }[] {
  return [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter(link => !/^[a-z]+:/.test(link))
    .map(link => {
      const [path = '', anchor = null] = link.split('#')
      return { link, file: path === '' ? page : normalize(join(dirname(page), path)), anchor }
    })
}

/** The anchors of a page as GitHub makes them: of each heading in small letters, without signs, words joined by hyphens. */
function anchorsOf(page: string): Set<string> {
  const headings = textOf(page)
    .replace(/^ *```.*?^ *```$/gms, '')
    .matchAll(/^#+ (.*)$/gm)
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

it.each(texts)('the links of %s lead somewhere', page => {
  const dead = linksOf(page).filter(
    ({ file, anchor }) => !existsSync(join(ROOT, file)) || (anchor !== null && file.endsWith('.md') && !anchorsOf(file).has(anchor)),
  )
  expect(dead.map(({ link }) => link)).toEqual([])
})

it('every page is in the index', () => {
  const linked = new Set(linksOf('docs/README.md').map(({ file }) => file))
  const meant = pages().filter(page => page !== 'docs/README.md' && !page.startsWith('docs/decisions/'))
  expect(meant.filter(page => !linked.has(page)).map(page => relative('docs', page))).toEqual([])
})

it('every decision is numbered in the order it was taken, under the title that it has', () => {
  for (const page of pages().filter(name => /decisions\/\d/.test(name))) {
    const [, number = ''] = /decisions\/(\d{4})-/.exec(page) ?? []
    expect(textOf(page), page).toMatch(new RegExp(`^# ${Number(number)}\\. \\S`))
  }
})
