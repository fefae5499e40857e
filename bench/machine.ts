import { execFileSync } from 'node:child_process'
import { type CpuInfo, cpus, release, totalmem } from 'node:os'
import { say } from './figures.ts'

/** Prints what the figures were measured on. `directory` is where the data lies. */
export function sayMachine(directory: string): void {
  say('machine', `${processorOf(cpus())}, ${Math.round(totalmem() / 2 ** 30)} GiB`)
  say('system', `Linux ${release()}, Node ${process.version}`)
  const { kind, free } = fileSystemOf(directory)
  say('disk', `${directory}: ${kind}, ${free}`)
}

/** How many cores of which processor. */
export function processorOf(cores: readonly CpuInfo[]): string {
  return `${cores.length} x ${cores[0]?.model.trim() ?? 'unknown processor'}`
}

/** The file system that a directory lies in, with its size, and what is free of it. */
export function fileSystemOf(directory: string): { readonly kind: string; readonly free: string } {
  const [type, size, free] = execFileSync('stat', ['--file-system', '--format=%T %b %a %S', directory], { encoding: 'utf8' })
    .trim()
    .split(' ')
    .map((part, i, all) => (i === 0 ? part : (Number(part) * Number(all[3])) / 2 ** 30))
  return { kind: `${type}, ${Math.round(Number(size))} GiB`, free: `${Math.round(Number(free))} GiB free` }
}
