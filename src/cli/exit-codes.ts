import { CommanderError } from 'commander'
import { ClientError, UNREACHABLE } from '../client/index.ts'
import { type ErrorCode, isWaybillError, type WaybillError } from '../model/errors.ts'
import { printable } from './printable.ts'

/** How the command ends; documented in docs/reference/cli.md and at the end of every --help. */
export const EXIT = {
  ok: 0,
  /** The job finished, but items failed, were evicted or cancelled; or some files of a put or get did not go through. */
  incomplete: 1,
  /** Wrong usage, or something about this machine that the caller must mend (no such file, port taken). */
  usage: 2,
  /** The server (or the data directory) said no. */
  refused: 3,
  /** No answer, a 5xx answer, or a fault of our own. */
  unavailable: 4,
} as const

/** A server that could not start, for a reason of this machine: its data directory, its settings. */
export class StartError extends Error {
  constructor(cause: WaybillError) {
    super(cause.message, { cause })
    this.name = 'StartError'
  }
}

/** Codes that say what is wrong with the words typed, when no server was asked. */
const USAGE_CODES: ReadonlySet<ErrorCode> = new Set(['invalid_request', 'invalid_path', 'invalid_collection_id', 'invalid_manifest'])

/** The exit code that an error means. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (error instanceof StartError) return EXIT.usage
  if (error instanceof ClientError) return error.status >= 400 && error.status < 500 ? EXIT.refused : EXIT.unavailable
  if (isWaybillError(error)) {
    if (USAGE_CODES.has(error.code)) return EXIT.usage
    return error.status < 500 ? EXIT.refused : EXIT.unavailable
  }
  return isSystemError(error) ? EXIT.usage : EXIT.unavailable
}

/** One plain sentence for a person. Null when it has been said already. */
export function sentenceOf(error: unknown): string | null {
  if (error instanceof CommanderError) return null
  if (error instanceof ClientError) return sentence(`${detailOf(error)}${placesOf(error)}`)
  if (isWaybillError(error) || error instanceof StartError) return sentence(error.message)
  if (isSystemError(error)) return sentence(systemSentence(error))
  if (error instanceof Error) return sentence(`something unexpected went wrong: ${error.message || error.name}`)
  return sentence(`something unexpected went wrong: ${String(error)}`)
}

/** What the server (or its silence) says, in the words of the command line. */
function detailOf(error: ClientError): string {
  if (error.code === 'unauthenticated') return `${notTaken(error.detail)}; give a valid one in WAYBILL_TOKEN or with --token`
  if (error.code === UNREACHABLE && error.detail.includes('ECONNREFUSED')) return `${error.detail}; is a server running there? Start one with: ./waybill serve`
  if (error.code === 'collection_not_found') return `${error.detail}; \`waybill ls\` lists those that you have, \`waybill collection create\` makes one`
  // of a manifest the caller knows lines, not the number that an item came to have
  return error.detail.replace(/^(line \d+, column \d+: )\/items\/\d+\/?/i, '$1')
}

/** What the server says of a token that it does not take: that it has expired, or nothing, so that nobody learns from guessing. */
function notTaken(detail: string): string {
  return detail.startsWith('the token has expired')
    ? 'the token has expired'
    : 'the server does not take this token: it was revoked, or is not whole, or of another server'
}

/** Places that the detail does not speak of already. */
function placesOf(error: ClientError): string {
  const more = error.errors.filter(place => !error.detail.includes(place.detail)).map(place => `${place.pointer}: ${place.detail}`)
  return more.length === 0 ? '' : ` (${more.slice(0, 3).join('; ')}${more.length > 3 ? `; and ${more.length - 3} more` : ''})`
}

interface SystemError extends Error {
  readonly code: string
  readonly syscall: string
  readonly path?: string
  readonly address?: string
  readonly port?: number
}

/** True for what the operating system refused. */
export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error && typeof error.syscall === 'string'
}

const SYSTEM_SENTENCES: Readonly<Record<string, (error: SystemError) => string>> = {
  ENOENT: error => `there is no file or directory ${error.path ?? ''}`,
  EACCES: error => (error.syscall === 'listen' ? `this user may not listen on port ${error.port ?? ''}` : `this user may not access ${error.path ?? 'that'}`),
  EPERM: error => `this user may not do that with ${error.path ?? 'it'}`,
  EISDIR: error => `${error.path ?? 'that'} is a directory where a file is needed`,
  EEXIST: error => (error.syscall === 'mkdir' ? needsDirectory(error) : `${error.path ?? 'that'} is there already`),
  ENOTDIR: error => (error.syscall === 'scandir' ? needsDirectory(error) : `there is a file on the way to ${error.path ?? 'it'} where a directory is needed`),
  EADDRINUSE: error => `port ${error.port ?? ''} on ${error.address ?? 'this host'} is taken by another program; choose another with --port`,
  EADDRNOTAVAIL: error => `${error.address ?? 'that address'} is not an address of this machine; choose another with --host`,
  ENOSPC: () => 'the disk is full',
}

function needsDirectory(error: SystemError): string {
  return `${error.path ?? 'that'} is a file where a directory is needed`
}

function systemSentence(error: SystemError): string {
  return SYSTEM_SENTENCES[error.code]?.(error) ?? error.message
}

/** A capital at the start, a full stop at the end, nothing that could steer a terminal. Lines stay lines: a list of faults has several. */
function sentence(text: string): string {
  const clean = text.split('\n').map(printable).join('\n').trim()
  const first = /^[a-z]+[ ,]/.test(clean) ? clean.charAt(0).toUpperCase() + clean.slice(1) : clean
  return /[.!?]$/.test(first) ? first : `${first}.`
}
