/** The columns of an entry's content, in the order of both tables (entry, history) after their keys. */
const NAMES = [
  'entity',
  'version',
  'revision',
  'kind',
  'deleted',
  'size',
  'digest',
  'media_type',
  'fields',
  'created_at',
  'modified_at',
  'modified_by',
  'stamp',
] as const

export const CONTENT = NAMES.join(', ')

/** The same columns of a table or alias. */
export function contentOf(alias: string): string {
  return NAMES.map(name => `${alias}.${name}`).join(', ')
}

/** Sets them to those of a row that an insert brought into conflict with what is there. */
export const SET_CONTENT = NAMES.map(name => `${name} = excluded.${name}`).join(', ')
