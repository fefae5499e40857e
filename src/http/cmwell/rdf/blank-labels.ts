import { Buffer } from 'node:buffer'
import { DataFactory } from 'n3'
import type { BlankNode, Literal } from 'n3'

/**
 * Terms for a library's parser. Blank nodes are labelled the same for the same document, and a label that the document gave never meets one made up for it.
 */
export function documentFactory(): typeof DataFactory {
  let made = 0
  const blankNode = (label?: string): BlankNode => DataFactory.blankNode(label === undefined ? `n${(made += 1)}` : `d${label}`)
  // some libraries say null where they mean neither language nor datatype
  const literal = (...[value, kind]: Parameters<typeof DataFactory.literal>): Literal => DataFactory.literal(value, kind ?? undefined)
  return { ...DataFactory, blankNode, literal }
}

/** A label that every format takes after a letter; different labels stay different. */
export function plainLabel(label: string): string {
  return /^[A-WYZa-z0-9_][A-Za-z0-9_]*$/.test(label) ? label : `X${Buffer.from(label).toString('hex')}`
}
