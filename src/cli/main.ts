#!/usr/bin/env node
import { EXIT, exitCodeOf, sentenceOf } from './exit-codes.ts'
import { note } from './output.ts'
import { printable } from './printable.ts'
import { waybill } from './program.ts'

async function run(words: readonly string[]): Promise<void> {
  try {
    await waybill().parseAsync(words, { from: 'user' })
  } catch (error) {
    const sentence = sentenceOf(error)
    if (sentence !== null) note(`waybill: ${sentence}`)
    if (process.env['WAYBILL_DEBUG'] && error instanceof Error) note(error.stack ?? '')
    process.exitCode = exitCodeOf(error)
  }
}

// Whoever reads our output may stop early, as head does: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.unavailable)
})

// Warnings of our own are sentences for people; those of Node.js keep its form, with what helps its developers.
const [usual] = process.listeners('warning')
if (usual !== undefined) {
  process.off('warning', usual)
  process.on('warning', warning => (warning.name === 'Warning' ? note(`waybill: ${printable(warning.message)}.`) : usual(warning)))
}

await run(process.argv.slice(2))
