import { Worker } from 'node:worker_threads'

/** Starts a worker thread from a module beside the calling one (`import.meta.url`), from sources and from the build alike. */
export function startThread(base: string, module: string, workerData: unknown): Worker {
  return new Worker(new URL(`${module}.${base.endsWith('.ts') ? 'ts' : 'js'}`, base), { workerData })
}
