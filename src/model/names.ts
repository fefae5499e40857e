import { textFault } from './text.ts'

/** What a subject may give names to: graphs, and namespaces of fields. */
export const NAME_KINDS = ['graph-alias', 'prefix'] as const
export type NameKind = (typeof NAME_KINDS)[number]

/** Names of one kind that a subject may have. */
export const MOST_NAMES = 10_000

/** Characters of a name, and of what it stands for. */
const LONGEST = 1_024

/** Says what is wrong with a name or with what it stands for, or null. */
export function nameFault(text: string): string | null {
  if (text === '' || text.length > LONGEST) return `must have 1 to ${LONGEST} characters`
  return textFault(text)
}
