import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { type CpuInfo, cpus, release, totalmem } from 'node:os'
import { say } from './figures.ts'

/** Where Linux tells what a processor can, and that it is a hypervisor's. */
const CPU_FLAGS = '/proc/cpuinfo'

/** Prints what the figures were measured on. `directory` is where the data lies. */
export function sayMachine(directory: string): void {
  say('machine', `${processorOf(cpus())}, ${Math.round(totalmem() / 2 ** 30)} GiB`)
  say('system', `Linux ${release()}, Node ${process.version}`)
  const { kind, free } = fileSystemOf(directory)
  say('disk', `${directory}: ${kind}, ${free}`)
}

/** How many cores of which processor, and whether they are those of a virtual machine, whose neighbours are felt. */
export function processorOf(cores: readonly CpuInfo[]): string {
  const isVirtual = existsSync(CPU_FLAGS) && /^flags\s*:.*\bhypervisor\b/m.test(readFileSync(CPU_FLAGS, 'utf8'))
  return `${cores.length} cores, ${cores[0]?.model.trim() ?? 'unknown processor'}${isVirtual ? ', virtual' : ''}`
}

/** The file system that a directory lies in, with its size, and what is free of it. */
export function fileSystemOf(directory: string): { readonly kind: string; readonly free: string } {
  const told = execFileSync('df', ['--block-size=1', '--output=fstype,size,avail', directory], { encoding: 'utf8' })
  const [type = 'unknown', size, free] = told.trim().split('\n').at(-1)?.trim().split(/\s+/) ?? []
  return { kind: `${type}, ${Math.round(Number(size) / 2 ** 30)} GiB`, free: `${Math.round(Number(free) / 2 ** 30)} GiB free` }
}
