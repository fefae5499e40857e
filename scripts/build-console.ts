// Builds `console/` into `dist/console`, compressed as the server sends it. `--if-older`: only when it is missing or older than its sources.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'vite'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const SOURCES = join(ROOT, 'console')
const TARGET = join(ROOT, 'dist', 'console')
/** Built beside its place and then renamed: nobody reads half a console. */
const FRESH = `${TARGET}.${process.pid}`

function newest(directory: string): number {
  return Math.max(0, ...readdirSync(directory, { recursive: true, encoding: 'utf8' }).map(name => statSync(join(directory, name)).mtimeMs))
}

function isCurrent(): boolean {
  const page = join(TARGET, 'index.html')
  return existsSync(page) && statSync(page).mtimeMs >= newest(SOURCES)
}

function compress(directory: string): void {
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const path = join(directory, name)
    if (statSync(path).isDirectory()) continue
    const bytes = readFileSync(path)
    writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }))
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }))
  }
}

async function buildConsole(): Promise<void> {
  try {
    await build({
      configFile: false,
      root: SOURCES,
      base: '/console/',
      logLevel: 'warn',
      oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
      // no asset is written into another: the page's policy takes nothing that is not a file of the server's
      build: {
        ...{ outDir: FRESH, emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: 'es2022' },
        rolldownOptions: {
          input: [join(SOURCES, 'index.html'), join(SOURCES, 'worker.ts')],
          // a service worker is known by its address, which stays
          output: { entryFileNames: ({ name }) => (name === 'worker' ? 'worker.js' : 'assets/[name]-[hash].js') },
        },
      },
    })
    compress(FRESH)
    rmSync(TARGET, { recursive: true, force: true })
    renameSync(FRESH, TARGET)
  } finally {
    rmSync(FRESH, { recursive: true, force: true })
  }
}

if (!(process.argv.includes('--if-older') && isCurrent())) await buildConsole()
