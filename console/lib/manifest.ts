/** Which form a manifest has: by its name, else by its first character. */
export function manifestFormat(name: string, beginning: string): 'ndjson' | 'csv' {
  if (/\.csv$/i.test(name)) return 'csv'
  if (/\.(ndjson|jsonl)$/i.test(name)) return 'ndjson'
  return beginning.trimStart().startsWith('{') ? 'ndjson' : 'csv'
}
