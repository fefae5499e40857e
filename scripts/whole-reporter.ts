import type { Reporter, TestModule } from 'vitest/node'

/**
 * Fails the run when a test was left out (skip, todo, a conditional skip) or none ran, and prints one closing line with the counts.
 * A run narrowed by the caller (`-t name`) leaves tests out on purpose and is not judged.
 */
export class WholeReporter implements Reporter {
  #narrowed = false

  onInit(vitest: Parameters<NonNullable<Reporter['onInit']>>[0]): void {
    this.#narrowed = vitest.config.testNamePattern !== undefined
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap(module => [...module.children.allTests()])
    const count = (state: string): number => tests.filter(test => test.result().state === state).length
    const left = tests.filter(test => !['passed', 'failed'].includes(test.result().state))
    console.log(`tests: ${count('passed')} passed, ${count('failed')} failed, ${left.length} skipped`)
    if (this.#narrowed) return
    for (const test of left) console.error(`left out: ${test.module.relativeModuleId} > ${test.fullName}`)
    if (left.length > 0 || tests.length === 0) {
      console.error(tests.length === 0 ? 'no test ran' : 'every test has to run: the run fails')
      process.exitCode = 1
    }
  }
}
