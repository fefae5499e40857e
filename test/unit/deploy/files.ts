import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Config, loadConfig } from '../../../src/config.ts'

/** How long a server that ends may take before it must not be killed yet: requests in flight have 20 s (http/server.ts), turns some more. */
export const DRAIN_SECONDS = 30

/** The path of a file, by its path in the project. */
export function pathOf(name: string): string {
  return fileURLToPath(new URL(`../../../${name}`, import.meta.url))
}

export function textOf(name: string): string {
  return readFileSync(pathOf(name), 'utf8')
}

/** `NAME=value` lines, as an environment file has them. */
export function variablesOf(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]))
}

/**
 * What the server would make of an environment and a configuration file. Throws what `serve` would refuse to start with; `warned` has the sentences on
 * variables that look like settings and are none.
 */
export async function settingsOf(env: NodeJS.ProcessEnv, file?: string): Promise<{ config: Config; warned: string[] }> {
  const warned: string[] = []
  const listen = (warning: Error): void => void warned.push(warning.message)
  process.on('warning', listen)
  try {
    const config = loadConfig({ env, ...(file === undefined ? {} : { file: pathOf(file) }) })
    // warnings are emitted on the next tick
    await new Promise(resolve => setImmediate(resolve))
    return { config, warned }
  } finally {
    process.off('warning', listen)
  }
}
