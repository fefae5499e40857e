// Prints docs/reference/errors.md, made from the catalogue of errors and from what the dialects make of it; with `--check`, fails when that file is another.
import { format, resolveConfig } from 'prettier'
import { refusalOf } from '../src/http/apollo/errors.ts'
import { statusOf } from '../src/http/cmwell/errors.ts'
import { codeOf, type Code } from '../src/http/sevenbridges/codes.ts'
import { lineOf } from '../src/http/sevenbridges/result-error.ts'
import { TROUBLES } from '../src/ledger/shared/troubles.ts'
import { REMEDIES } from '../src/model/error-remedies.ts'
import { CATALOGUE, type ErrorCode, WaybillError } from '../src/model/errors.ts'
import { printOrCheck } from './made-file.ts'

const FILE = new URL('../docs/reference/errors.md', import.meta.url)

/** Stands for the sentence of the error itself, which a dialect may show or replace. */
const DETAIL = '…'

/** Those that no refusal has. */
const OF_ITEMS_ONLY: readonly ErrorCode[] = [
  'condition_failed',
  'destination_not_found',
  'destination_not_folder',
  'folder_into_itself',
  'destination_exists',
  'same_path',
  'source_changed',
  'destination_changed',
]
/** Those that an item can have. */
const OF_ITEMS = new Set<ErrorCode>([...OF_ITEMS_ONLY, ...Object.values(TROUBLES).map(({ error }) => error)])

const CODES = Object.keys(CATALOGUE) as ErrorCode[]

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function meaning(code: ErrorCode): readonly string[] {
  const { status, title, retryable } = CATALOGUE[code]
  return [`\`${code}\``, String(status), title, retryable ? 'yes' : '', REMEDIES[code]]
}

function inDialects(code: ErrorCode): readonly string[] {
  const line = ({ status, number }: Code): string => `${status}, ${number}`
  const ofItem = OF_ITEMS.has(code) ? line(lineOf(code, 'copy')) : ''
  if (OF_ITEMS_ONLY.includes(code)) return [`\`${code}\``, '', '', ofItem, '']
  const apollo = refusalOf(new WaybillError(code, DETAIL))
  const sentence = apollo.message === DETAIL ? '' : ` ${apollo.message}`
  return [`\`${code}\``, `${apollo.status}${sentence}`, line(codeOf(code, CATALOGUE[code].status)), ofItem, String(statusOf(code))]
}

const names = (codes: readonly ErrorCode[]): string => codes.map(code => `\`${code}\``).join(', ')

const page = `# Errors

Every refusal, and every reason why an item is not done, has one of these codes. Decide by the code; \`detail\` (of a refusal) and \`reason.message\` (of an item) are for people, and say what is wrong and what would be right. How a refusal looks is in [the native API](v1.md#errors); its \`type\`, \`/errors/<code>\`, is a page of the server that says what is said here, as JSON to whoever asks for it.

_Again_: the same request, or a retry of the item, may succeed later without a change.

${table(['code', 'status', 'meaning', 'again', 'what to do'], CODES.map(meaning))}

Only items have ${names(OF_ITEMS_ONLY)}. Items can have these of the others, too: ${names([...OF_ITEMS].filter(code => !OF_ITEMS_ONLY.includes(code)))}. Nobody but a worker meets \`stale_lease\`.

## In the dialects

What each protocol makes of a code where its own documents say nothing more exact for the call. Apollo: the status, and the documented sentence, where there is one; the sentence of the error stands where it shows \`${DETAIL}\`, or alone. Seven Bridges: the status and the number of its table, and those in a job's results, for a reason that speaks of the file of a copy. CM-Well: the status; the body is what the [call](cmwell.md) has.

${table(['code', 'Apollo', 'Seven Bridges', 'in its results', 'CM-Well'], CODES.filter(code => code !== 'stale_lease').map(inDialects))}
`

/** The page as it is kept. */
export const errorsPage = await format(page, { ...(await resolveConfig(FILE.pathname)), parser: 'markdown' })

if (import.meta.main)
  await printOrCheck({ file: 'docs/reference/errors.md', script: 'errors', what: 'what the catalogue says' }, () => Promise.resolve(errorsPage))
