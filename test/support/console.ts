import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Test files run side by side: one of them builds, the others wait. */
const LOCK = join(tmpdir(), 'waybill-console-build.lock')

/** Where the built console lies, as the server serves it from. */
export const CONSOLE = join(ROOT, 'dist', 'console')

/** Builds the console when it is missing or older than its sources. Call it before a server is started: it reads the console once. */
export async function buildConsole(): Promise<void> {
  await run('flock', [LOCK, process.execPath, join(ROOT, 'scripts', 'build-console.ts'), '--if-older'])
}
