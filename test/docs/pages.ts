import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A fenced block of a page. */
export interface Block {
  readonly page: string
  /** Of its first fence, counted from 1. */
  readonly line: number
  readonly language: string
  readonly text: string
  /** What the comments directly above it say: `<!-- settings -->`, `<!-- not run: needs Docker -->`. */
  readonly notes: readonly string[]
  /** Of commands: the `text` block behind them, which is what is seen. */
  readonly seen: string | null
}

/** Every page of the documentation, by its path in the project. */
export function pages(): string[] {
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.md'))
  return ['README.md', ...docs.map(name => join('docs', name)).sort()]
}

export function textOf(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8')
}

/** The blocks of a page, in their order. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = []
  let [notes, open]: [string[], { line: number; language: string; lines: string[] } | null] = [[], null]
  for (const [index, line] of textOf(page).split('\n').entries()) {
    const fence = /^ *```(\S*)/.exec(line)
    if (open === null && fence !== null) open = { line: index + 1, language: fence[1] ?? '', lines: [] }
    else if (open !== null && fence === null) open.lines.push(line)
    else if (open !== null) {
      blocks.push({ page, line: open.line, language: open.language, text: `${open.lines.join('\n')}\n`, notes, seen: null })
      ;[notes, open] = [[], null]
    } else if (/^<!-- .* -->$/.test(line)) notes = [...notes, line.slice(5, -4)]
    else if (line.trim() !== '') notes = []
  }
  return withSeen(blocks)
}

/** A `text` block belongs to the commands that it follows. */
function withSeen(blocks: readonly Block[]): Block[] {
  return blocks
    .map((block, at) => ({ ...block, seen: block.language === 'sh' && blocks[at + 1]?.language === 'text' ? (blocks[at + 1]?.text ?? null) : null }))
    .filter((block, at) => block.language !== 'text' || blocks[at - 1]?.language !== 'sh')
}

/** What a block's note of this name says after its colon; null without such a note. */
export function noteOf(block: Block, name: string): string | null {
  const found = block.notes.find(note => note === name || note.startsWith(`${name}: `))
  return found === undefined ? null : found.slice(name.length + 2).trim()
}

/** Where a block is, for a message. */
export function placeOf({ page, line }: Block): string {
  return `${page}:${line}`
}

/** What a page needs beside a clone: `<!-- run: postgres s3=museum,mirror -->` in its first lines. */
export function needsOf(page: string): { readonly postgres: boolean; readonly buckets: readonly string[] | null } {
  const words = (/^<!-- run: (.*) -->$/m.exec(textOf(page))?.[1] ?? '').split(' ').filter(word => word !== '')
  let needs: { postgres: boolean; buckets: readonly string[] | null } = { postgres: false, buckets: null }
  for (const word of words) {
    const [name, value] = word.split('=')
    if (name === 'postgres') needs = { ...needs, postgres: true }
    else if (name === 's3' && value !== undefined) needs = { ...needs, buckets: value.split(',') }
    else throw new Error(`${page}: nobody knows how to provide ${JSON.stringify(word)}; write postgres or s3=BUCKET,BUCKET`)
  }
  return needs
}
