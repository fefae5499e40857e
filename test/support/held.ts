import { request } from 'node:http'

/** What a process holds: bytes of live heap (after a collection) and outside of it, and what is open in its event loop. */
export interface Held {
  readonly heapUsed: number
  readonly external: number
  readonly handles: number
}

/** Asks a process that was started with `heldEnvironment(socket)` what it holds just now. */
export function heldBy(socketPath: string): Promise<Held> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, agent: false }, answer => {
      let text = ''
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()))
      answer.on('end', () => resolve(JSON.parse(text) as Held))
      answer.on('error', reject)
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** The environment in which a server tells what it holds, on a socket of its own. */
export function heldEnvironment(socketPath: string): NodeJS.ProcessEnv {
  return { HELD_SOCKET: socketPath, NODE_OPTIONS: `--import ${new URL('preload/held.ts', import.meta.url).href}` }
}
