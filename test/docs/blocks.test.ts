import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import ts from 'typescript'
import { Compile } from 'typebox/schema'
import { loadConfig } from '../../src/config.ts'
import { type Block, blocksOf, noteOf, pages, placeOf, ROOT } from './pages.ts'

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> }
}

const document = JSON.parse(readFileSync(join(ROOT, 'docs/openapi.json'), 'utf8')) as Document
const blocks = pages().flatMap(blocksOf)
const shown = (language: string): Block[] => blocks.filter(block => block.language === language && noteOf(block, 'not run') === null)

/** What is wrong with a value by a schema of the OpenAPI document. */
function faults(name: string, value: unknown): unknown[] {
  expect(Object.keys(document.components.schemas)).toContain(name)
  const validator = Compile({ $ref: `#/components/schemas/${name}`, components: document.components } as never)
  return validator.Check(value) ? [] : validator.Errors(value)[1]
}

/** A request as it is shown: its first line, and its body. */
function requestOf({ text }: Block): { readonly method: string; readonly path: string; readonly type: string | undefined; readonly body: string } {
  const [head = '', body = ''] = text.split('\n\n')
  const [, method = '', target = ''] = /^([A-Z]+) (\S+) HTTP\/1\.1/.exec(head) ?? []
  return { method: method.toLowerCase(), path: target.split('?')[0] ?? '', type: /^Content-Type: (.*)$/m.exec(head)?.[1], body }
}

describe('blocks', () => {
  it('are of languages that are checked, or say why they are not', () => {
    const checked = new Set(['sh', 'json', 'ndjson', 'csv', 'http', 'ts'])
    const unknown = blocks.filter(block => !checked.has(block.language) && noteOf(block, 'not run') === null)
    expect(unknown.map(placeOf)).toEqual([])
  })

  it.each(shown('json').map(block => [placeOf(block), block] as const))(
    'of JSON can be read, and are what is said above them (`settings`, `schema: NAME`): %s',
    (_, block) => {
      const value = JSON.parse(block.text) as Record<string, unknown>
      const [settings, schema] = [noteOf(block, 'settings'), noteOf(block, 'schema')]
      if (settings !== null) expect(() => loadConfig({ flags: value })).not.toThrow()
      if (schema !== null) expect(faults(schema, value)).toEqual([])
    },
  )

  it.each(shown('ndjson').map(block => [placeOf(block), block] as const))('of NDJSON have an item in each line: %s', (_, block) => {
    for (const line of block.text.trim().split('\n')) expect(faults('SubmitItem', JSON.parse(line))).toEqual([])
  })

  it.each(shown('http').map(block => [placeOf(block), block] as const))('of HTTP are calls that there are: %s', (_, block) => {
    const { method, path, type, body } = requestOf(block)
    expect(Object.keys(document.paths[path.replace(/\{\w+\}/g, '{job}')] ?? {}), `${method} ${path}`).toContain(method)
    if (type === 'application/json') expect(faults('SubmitJob', JSON.parse(body))).toEqual([])
    else if (type !== undefined) for (const line of body.trim().split('\n')) expect(faults('SubmitItem', JSON.parse(line))).toEqual([])
  })

  it('of TypeScript fit the types of the client, one page a program', { timeout: 60_000 }, () => {
    const programs = Map.groupBy(shown('ts'), block => block.page)
    expect(programs.size).toBeGreaterThan(0)
    for (const [page, parts] of programs) expect(typeFaults(parts), page).toEqual([])
  })
})

/** What the compiler says of the blocks of a page, behind what the page says is given (`<!-- given: declare const token: string -->`). */
function typeFaults(parts: readonly Block[]): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'waybill-docs-types-'))
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
    const file = join(directory, 'page.mts')
    const given = parts.flatMap(part => noteOf(part, 'given') ?? [])
    writeFileSync(file, [...given, ...parts.map(part => part.text)].join('\n'))
    const program = ts.createProgram([file], {
      target: ts.ScriptTarget.ES2024,
      module: ts.ModuleKind.NodeNext,
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      lib: ['lib.es2024.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
      types: [],
      paths: { 'waybill/client': [join(ROOT, 'src/client/index.ts')] },
    })
    return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
  } finally {
    rmSync(directory, { recursive: true })
  }
}
