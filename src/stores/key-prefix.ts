/** The beginning of every key of a store: empty, or with a slash at its end. Slashes at the ends are the writer's taste. */
export function keyPrefix(prefix = ''): string {
  const trimmed = prefix.replaceAll(/^\/+|\/+$/g, '')
  return trimmed === '' ? '' : `${trimmed}/`
}
