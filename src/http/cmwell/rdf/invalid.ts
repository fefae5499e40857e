import { WaybillError } from '../../../model/errors.ts'

/** Where in a document: line and column, both from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number
  readonly column: number
}

const LONGEST = 300

/** `invalid_rdf` at a place, in the form of the contract, section 1.4: `[line: 1, col: 5 ] ...`; without a place the sentence alone. */
export function invalidRdf(position: Position | null, sentence: string, cause?: unknown): WaybillError {
  // libraries quote what they found, however long it is
  const detail = sentence.length > LONGEST ? `${sentence.slice(0, LONGEST)}…` : sentence
  const options = cause === undefined ? {} : { cause }
  if (position === null) return new WaybillError('invalid_rdf', detail, {}, options)
  const { line, column } = position
  return new WaybillError('invalid_rdf', `[line: ${line}, col: ${column} ] ${detail}`, { errors: [{ pointer: '', detail, line, column }] }, options)
}

/** A text as part of a sentence: quoted, and cut short so that no hostile input fills the answer. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
