import { readFileSync } from 'node:fs'

/** The version of this package, as its package.json says it. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string }
  return version
}
