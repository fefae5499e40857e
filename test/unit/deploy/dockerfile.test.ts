import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { DockerfileParser, type Instruction } from 'dockerfile-ast'
import { validate } from 'dockerfile-utils'
import { describe, expect, it } from 'vitest'
import { startTestServer } from '../../support/server.ts'
import { pathOf, settingsOf, textOf } from './files.ts'

const TEXT = textOf('Dockerfile')
const INSTRUCTIONS = DockerfileParser.parse(TEXT).getInstructions()

/** The instructions of the last stage: what the image is. */
function image(): Instruction[] {
  return INSTRUCTIONS.slice(INSTRUCTIONS.findLastIndex(each => each.getKeyword() === 'FROM'))
}

/** The arguments of the one instruction of this kind in the last stage. */
function only(keyword: string): string {
  const found = image().filter(each => each.getKeyword() === keyword)
  expect(found.length, keyword).toBe(1)
  return found[0]?.getArgumentsContent() ?? ''
}

/** The variables that the image sets. */
function environment(): Record<string, string> {
  return Object.fromEntries([...only('ENV').matchAll(/([A-Z_]+)=(?:"([^"]*)"|(\S+))/g)].map(([, name = '', quoted, plain]) => [name, quoted ?? plain ?? '']))
}

/** What follows CMD in HEALTHCHECK, as the words it is run with. */
function healthCheck(): string[] {
  return JSON.parse(only('HEALTHCHECK').replace(/^.*?\bCMD\b/s, '')) as string[]
}

async function exitCodeOf([command = '', ...args]: string[], port: string): Promise<number | null> {
  expect(command).toBe('node')
  const child = spawn(process.execPath, args, { env: { ...process.env, WAYBILL_PORT: port }, stdio: 'ignore' })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}

describe('the Dockerfile', () => {
  it('is one that Docker takes', () => {
    expect(validate(TEXT)).toEqual([])
    expect(validate('FROM scratch\nCPOY . .\n')).not.toEqual([])
  })

  it('runs the server as nobody special, ended by SIGTERM, on a volume that is the data directory', async () => {
    const { config, warned } = await settingsOf(environment())
    expect(warned).toEqual([])
    expect([config.data, config.host, config.port]).toEqual([only('VOLUME'), '0.0.0.0', Number(only('EXPOSE'))])
    expect(image().at(-1)?.getArgumentsContent()).toBe('["serve"]')
    expect([only('USER'), only('STOPSIGNAL'), only('ENTRYPOINT')]).toEqual(['node', 'SIGTERM', '["waybill"]'])
  })

  it('copies only what is there and what .dockerignore lets in', () => {
    const letIn = textOf('.dockerignore').split('\n')
    const copies = INSTRUCTIONS.filter(each => each.getKeyword() === 'COPY').map(each => each.getArguments().map(argument => argument.getValue()))
    const sources = copies.flatMap(words => words.slice(0, -1)).filter(source => !source.startsWith('/build/'))
    expect(sources).toContain('package-lock.json')
    for (const source of sources) {
      const name = source.replace(/^\.\//, '')
      expect(existsSync(pathOf(name)), name).toBe(true)
      expect(letIn).toContain(`!${name}`)
    }
    expect(
      letIn
        .filter(line => line.startsWith('!'))
        .map(line => line.slice(1))
        .filter(name => !sources.some(source => source.replace(/^\.\//, '') === name)),
    ).toEqual([])
  })

  it('has a health check that is well while the server is ready, and else is not', async () => {
    const server = await startTestServer()
    const { port } = new URL(server.url)
    expect(await exitCodeOf(healthCheck(), port)).toBe(0)
    await server.close()
    expect(await exitCodeOf(healthCheck(), port)).toBe(1)
  })
})
