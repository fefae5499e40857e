import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** One installer at a time, whichever process comes first. */
const LOCK = join(tmpdir(), 'waybill-debian-install.lock')
const INSTALL = `
  get() { DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@"; }
  get install --no-install-recommends -y "$1" || { get update && get install --no-install-recommends -y "$1"; }`

/** Installing a program takes half a minute. */
export const INSTALL_MS = 120_000

/** Has a program that a Debian package of the same name brings. Where it is missing, root gets it installed, and anybody else a plain sentence. */
export async function debianProgram(name: string): Promise<void> {
  if (isThere(name)) return
  const may = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
  if (!may) throw new Error(`${name} is compared with, but not installed, and only root on Debian can have that done here (apt-get install ${name})`)
  try {
    await run('flock', [LOCK, 'sh', '-c', INSTALL, 'sh', name])
  } catch (error) {
    throw new Error(`apt-get could not install ${name}, which is compared with`, { cause: error })
  }
}

function isThere(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some(directory => existsSync(join(directory, name)))
}
