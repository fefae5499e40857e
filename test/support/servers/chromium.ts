import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { chromium, type Browser } from 'playwright-core'

const run = promisify(execFile)

/** One installer at a time, whichever test comes first. */
const LOCK = join(tmpdir(), 'waybill-chromium-install.lock')
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const INSTALL = `
  command -v chromium >/dev/null && exit 0
  get() { DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@"; }
  get install --no-install-recommends -y chromium || { get update && get install --no-install-recommends -y chromium; }`

/** Installing takes a minute on a machine that never had Chromium; afterwards a start takes a second or two. */
export const CHROMIUM_START_MS = 300_000

/** Starts the system's own Chromium. Where there is none, root gets it from Debian's packages, and anybody else a plain sentence. */
export async function startChromium(): Promise<Browser> {
  const executablePath = find() ?? (await install())
  // its sandbox cannot be had by root, and /dev/shm is small in containers; the pages are our own
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

function find(): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(delimiter)
  return NAMES.flatMap(name => directories.map(directory => join(directory, name))).find(path => existsSync(path))
}

async function install(): Promise<string> {
  const may = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
  try {
    if (!may) throw new Error('it is not installed, and only root on Debian can have that done')
    await run('flock', [LOCK, 'sh', '-c', INSTALL])
    const found = find()
    if (found === undefined) throw new Error('it was installed, but is not in PATH')
    return found
  } catch (error) {
    throw new Error(
      `The tests of the console need Chromium (Debian: apt-get install chromium). Here ${may ? 'apt-get could not install it' : (error as Error).message}.`,
      {
        cause: error,
      },
    )
  }
}
