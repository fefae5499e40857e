import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { SCOPES } from './model/access.ts'
import { WaybillError } from './model/errors.ts'

const DAY_MS = 24 * 3600 * 1000
const MIB = 1024 * 1024

const jwt = z
  .strictObject({
    issuer: z.string().min(1).describe('the only issuer that is believed'),
    audience: z.string().min(1).describe("must be among the token's audiences"),
    jwksUrl: z.url().optional().describe('where the issuer publishes its keys'),
    key: z.string().optional().describe('instead: a local key, PEM or JWK, or the path of a file with one'),
    scopes: z
      .record(z.string(), z.array(z.enum(SCOPES)))
      .optional()
      .describe("maps the issuer's scopes onto ours"),
  })
  .refine(value => (value.jwksUrl === undefined) !== (value.key === undefined), 'give either jwksUrl or key')

function milliseconds(usual: number): z.ZodDefault<z.ZodCoercedNumber> {
  return z.coerce.number().int().min(0).default(usual)
}

/** Settings that hold more than one value: in the environment they are JSON. */
const STRUCTURED: ReadonlySet<string> = new Set(['jwt', 'retentionMs'])

/** Every setting, with its default: one schema for the file, the environment and the flags. */
export const configSchema = z.strictObject({
  data: z.string().min(1).default('./waybill-data').describe('directory of the ledger and the local store'),
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  port: z.coerce.number().int().min(0).max(65535).default(7070).describe('port to listen on; 0 takes a free one'),
  publicUrl: z.url().nullable().default(null).describe('base of absolute links; null takes it from the request'),
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('warn').describe('least level that is logged to standard error'),
  concurrency: z.coerce.number().int().min(1).max(256).default(16).describe('turns of jobs at once'),
  jsonItems: z.coerce.number().int().min(1).default(10_000).describe('items in one JSON body'),
  submitBodyBytes: z.coerce
    .number()
    .int()
    .min(1024)
    .default(32 * MIB)
    .describe('bytes of one JSON job submission'),
  jsonBodyBytes: z.coerce.number().int().min(1024).default(MIB).describe('bytes of any other JSON body'),
  uploadBytes: z.coerce
    .number()
    .int()
    .min(1)
    .default(5 * 1024 * 1024 * MIB)
    .describe('bytes of one uploaded file'),
  manifestLineBytes: z.coerce
    .number()
    .int()
    .min(1024)
    .default(64 * 1024)
    .describe('bytes of one manifest line'),
  requestsPerMinute: z.coerce.number().int().min(1).default(1_000_000).describe('requests a minute by one token'),
  headerTimeoutMs: z.coerce.number().int().min(100).default(15_000).describe("time for a request's header to arrive"),
  bodyTimeoutMs: z.coerce.number().int().min(100).default(60_000).describe("longest silence within a request's body"),
  retentionMs: z
    .strictObject({ v1: milliseconds(30 * DAY_MS), apollo: milliseconds(30 * DAY_MS) })
    .prefault({})
    .describe('how long finished jobs are kept, by the dialect they came through; as JSON in the environment'),
  jwt: jwt.nullable().default(null).describe('accept JWTs of this issuer beside our own tokens'),
})

export type Config = z.infer<typeof configSchema>
export type ConfigInput = { readonly [K in keyof Config]?: unknown }

/** WAYBILL_PORT for port, WAYBILL_PUBLIC_URL for publicUrl; WAYBILL_JWT and WAYBILL_RETENTION_MS hold JSON. */
function environmentName(key: string): string {
  return `WAYBILL_${key.replaceAll(/[A-Z]/g, letter => `_${letter}`).toUpperCase()}`
}

/**
 * The configuration: a JSON file, over it the environment, over both the flags. Throws `invalid_request` with every fault: which setting, from where, and
 * what would be right.
 */
export function loadConfig(sources: { readonly file?: string; readonly env?: NodeJS.ProcessEnv; readonly flags?: ConfigInput }): Config {
  const merged: Record<string, unknown> = sources.file === undefined ? {} : readFile(sources.file)
  for (const key of Object.keys(configSchema.shape)) {
    const fromEnvironment = sources.env?.[environmentName(key)]
    if (fromEnvironment !== undefined) merged[key] = STRUCTURED.has(key) ? parseJson(fromEnvironment, environmentName(key)) : fromEnvironment
    const flag = sources.flags?.[key as keyof Config]
    if (flag !== undefined) merged[key] = flag
  }
  const parsed = configSchema.safeParse(merged)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(issue => `${issue.path.join('.') || 'the configuration'}: ${issue.message}`)
  throw new WaybillError('invalid_request', `the configuration is wrong: ${faults.join('; ')}`)
}

function readFile(file: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new WaybillError('invalid_request', `the configuration file ${file} cannot be read: ${(cause as Error).message}`, {}, { cause })
  }
  const value = parseJson(text, file)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new WaybillError('invalid_request', `${file}: must hold a JSON object`)
  return { ...value }
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new WaybillError('invalid_request', `${where}: is not valid JSON: ${(cause as Error).message}`, {}, { cause })
  }
}
