import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startTool } from './tool.ts'

const run = promisify(execFile)

/** The system's own: that is where the package puts Swift, whatever other Python comes first in PATH. */
const PYTHON = '/usr/bin/python3'
const SCRIPT = fileURLToPath(new URL('swift-server.py', import.meta.url))
/** One installer at a time, whichever test comes first. */
const LOCK = join(tmpdir(), 'waybill-swift-install.lock')
const IMPORT = 'import swift.common.middleware.s3api'
const INSTALL = `
  ${PYTHON} -c '${IMPORT}' 2>/dev/null && exit 0
  get() { DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@"; }
  get install --no-install-recommends -y python3-swift || { get update && get install --no-install-recommends -y python3-swift; }`

/** Installing takes half a minute on a machine that never had Swift; afterwards a start takes some two seconds. */
export const SWIFT_START_MS = 300_000

/** A real S3 server: OpenStack Swift with its S3 API. */
export interface SwiftServer {
  readonly url: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  stop(): Promise<void>
}

/** Starts an empty one on free ports. Where Swift is not installed, root gets it from Debian's packages, and anybody else a plain sentence. */
export async function startSwift(): Promise<SwiftServer> {
  await install()
  const { line, stop } = await startTool(PYTHON, [SCRIPT], /^([0-9]+)$/m)
  return { url: `http://127.0.0.1:${line}`, region: 'us-east-1', credentials: { accessKeyId: 'test:tester', secretAccessKey: 'testing' }, stop }
}

async function install(): Promise<void> {
  if (await isThere()) return
  const may = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
  try {
    if (!may) throw new Error('it is not installed, and only root on Debian can have that done')
    await run('flock', [LOCK, 'sh', '-c', INSTALL])
  } catch (error) {
    const why = may ? 'apt-get could not install it' : (error as Error).message
    throw new Error(`The tests of the S3 store need OpenStack Swift for ${PYTHON} (Debian: apt-get install python3-swift). Here ${why}.`, { cause: error })
  }
}

async function isThere(): Promise<boolean> {
  try {
    await run(PYTHON, ['-c', IMPORT])
    return true
  } catch (error) {
    // Python is not there, or it says that it knows no Swift; anything else is a fault of the test.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 1)) return false
    throw error
  }
}
