import { type Command, InvalidArgumentError, Option } from 'commander'
import type { RetryState } from '../client/index.ts'
import { labelFault, SCOPES, type Scope, subjectFault } from '../model/access.ts'
import { isWaybillError, WaybillError } from '../model/errors.ts'
import { MAX_LOCK_SECONDS } from '../model/lock.ts'
import { parseDuration } from '../access/tokens.ts'

/** Makes a parser's refusal into the commander's own, which names the option or argument. */
export function checked<T>(parse: (text: string) => T): (text: string) => T {
  return text => {
    try {
      return parse(text)
    } catch (error) {
      if (isWaybillError(error)) throw new InvalidArgumentError(error.message)
      throw error
    }
  }
}

/**
 * Gives a command an option that must be there. Commander's own requiredOption complains before it looks at mistyped options, and so hides the
 * better answer ("unknown option --dta, did you mean --data?"); this one is checked after them.
 */
export function required<T = string>(command: Command, flags: string, description: string, parse?: (text: string) => T): Command {
  const option = new Option(flags, `${description} (required)`)
  if (parse !== undefined) option.argParser(checked(parse))
  return command.addOption(option).hook('preAction', () => {
    if (command.getOptionValue(option.attributeName()) === undefined) command.error(`error: required option '${flags}' not specified`)
  })
}

/** A parser of whole numbers between two bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return text => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN
    if (value >= least && value <= most) return value
    throw new WaybillError('invalid_request', `${quoted(text)} is not a whole number from ${least} to ${most}`)
  }
}

/** A list of scopes, separated by commas. */
export function parseScopes(text: string): readonly Scope[] {
  return listOf(text, SCOPES, 'scope')
}

/** States that an item can be retried from, separated by commas. */
export function parseStates(text: string): readonly RetryState[] {
  return listOf<RetryState>(text, ['skipped', 'failed', 'evicted', 'cancelled'], 'state that can be tried again')
}

/** Who: a user, a service. */
export function parseSubject(text: string): string {
  const fault = subjectFault(text)
  if (fault !== null) throw new WaybillError('invalid_request', `${quoted(text)} cannot be a subject: ${fault}`)
  return text
}

/** What a token is called. */
export function parseLabel(text: string): string {
  const fault = labelFault(text)
  if (fault !== null) throw new WaybillError('invalid_request', `${quoted(text)} cannot be a label: it ${fault}`)
  return text
}

/** How long a lock is to hold, in milliseconds. */
export function parseLockTtl(text: string): number {
  const ms = parseDuration(text)
  if (ms < 1000 || ms > MAX_LOCK_SECONDS * 1000) throw new WaybillError('invalid_request', `a lock holds for 1s to ${MAX_LOCK_SECONDS / 86_400}d, not ${text}`)
  return ms
}

/** A moment as RFC 3339, or a duration that counts back from now: 2h is two hours ago. */
export function parseMoment(text: string, now: number): string {
  if (/^\d{4}-\d{2}-\d{2}([T ].*)?$/.test(text) && !Number.isNaN(Date.parse(text))) return new Date(text).toISOString()
  if (/^\d+[smhd]$/.test(text)) return new Date(now - parseDuration(text)).toISOString()
  throw new WaybillError('invalid_request', `${quoted(text)} is no time; write 2026-11-22T20:00:00Z, or 2h for two hours ago`)
}

function listOf<T extends string>(text: string, allowed: readonly T[], noun: string): readonly T[] {
  const names = text.split(',').map(name => name.trim())
  for (const name of names) {
    if (!(allowed as readonly string[]).includes(name))
      throw new WaybillError('invalid_request', `${quoted(name)} is no ${noun}; choose among ${allowed.join(', ')}`)
  }
  return [...new Set(names)] as T[]
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60))
}
