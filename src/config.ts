import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { nearest, plainFault, unknownMembers } from './config-faults.ts'
import { SCOPES } from './model/access.ts'
import { WaybillError } from './model/errors.ts'
import { isAllowable } from './model/net-address.ts'
import { quotasOf, type QuotaRules } from './model/quotas.ts'
import { faultsOfStores, secretVariables, storesSchema } from './store-config.ts'

const MINUTE_MS = 60 * 1000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
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

const tracing = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/, error: 'must be an absolute http or https URL, such as http://collector:4318/v1/traces' })
    .describe('where spans are sent, as OTLP over HTTP'),
  sampleRatio: z.number().min(0).max(1).default(0.1).describe('which part of the requests that bring no decision of their own is traced'),
  serviceName: z.string().min(1).default('waybill').describe('the name of this service in the traces'),
})

/** Timers of Node.js that are longer than this fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
/** Far longer, and a job would expire after the last moment that a date can name. */
const LONGEST_RETENTION_MS = 100 * 365 * DAY_MS

/** A whole number, in the environment written in decimal digits. Nothing else is one: not an empty string, not null, not true. */
function whole(least: number, most: number = Number.MAX_SAFE_INTEGER): z.ZodType<number, number | string> {
  const fault = `must be a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`}`
  return z
    .union([z.number(), z.string().regex(/^[0-9]+$/, fault)], fault)
    .transform(Number)
    .refine(value => Number.isSafeInteger(value) && value >= least && value <= most, fault)
    .meta({ type: 'integer', minimum: least, maximum: most })
}

/** Yes or no; in the environment as a word. */
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform(word => word === 'true')], 'must be true or false')

function retention(dialect: string, usual = 30 * DAY_MS): z.ZodDefault<z.ZodType<number, number | string>> {
  return whole(0, LONGEST_RETENTION_MS).default(usual).describe(`of those submitted through ${dialect}`)
}

/** What is counted at each submission is counted row by row: so many take a millisecond or two. */
const MOST_COUNTED = 10_000

function quota(most?: number): z.ZodOptional<z.ZodNullable<z.ZodType<number, number | string>>> {
  return whole(0, most).nullable().optional()
}

const quotas = z.strictObject({
  requestsPerMinute: whole(1).nullable().optional(),
  unfinishedJobs: quota(MOST_COUNTED),
  unfinishedItems: quota(),
  itemsPerJob: quota(),
  collections: quota(MOST_COUNTED),
  eventStreams: quota(),
})

/** Items are counted by the jobs that they are in. */
function faultsOfQuotas(rules: QuotaRules): { path: string[]; message: string }[] {
  const named = [['default', rules.default] as const, ...Object.keys(rules.subjects).map(subject => [subject, quotasOf(rules, subject)] as const)]
  return named
    .filter(([, { unfinishedItems, unfinishedJobs }]) => typeof unfinishedItems === 'number' && typeof unfinishedJobs !== 'number')
    .map(([name]) => ({
      path: ['quotas'],
      message: `${name}: unfinishedItems needs unfinishedJobs beside it, at most ${MOST_COUNTED}, as items are counted by jobs`,
    }))
}

/** Settings that hold more than one value: in the environment they are JSON, such as this. */
const STRUCTURED: ReadonlyMap<string, string> = new Map([
  ['jwt', '{"issuer": "https://id.example.org/", "audience": "waybill", "jwksUrl": "https://id.example.org/keys.json"}'],
  ['quotas', '{"default": {"unfinishedJobs": 100}}'],
  ['retentionMs', '{"v1": 2592000000}'],
  ['stores', '{"local": {"kind": "local"}}'],
  ['tracing', '{"endpoint": "http://collector:4318/v1/traces"}'],
  ['webhookAllow', '["10.2.0.0/16", "hooks.internal"]'],
])
/** Variables of ours that are no settings of the server: those of the command line and of the benches. */
const OTHER_VARIABLES = ['WAYBILL_URL', 'WAYBILL_TOKEN', 'WAYBILL_DEBUG', 'WAYBILL_BENCH_DIR']

const settings = z.strictObject({
  data: z.string().min(1).default('./waybill-data').describe('directory of the ledger and the local store'),
  database: z
    .url({ protocol: /^postgres(ql)?$/, error: 'must be a URL such as postgres://user:password@host/name' })
    .nullable()
    .default(null)
    .describe('PostgreSQL (14 or newer) that holds the ledger, for any number of servers; null keeps it in the data directory'),
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  port: whole(0, 65_535).default(7070).describe('port to listen on; 0 takes a free one'),
  publicUrl: z
    .url({ protocol: /^https?$/, error: 'must be an absolute http or https URL' })
    .transform(url => url.replace(/\/+$/, ''))
    .nullable()
    .default(null)
    .describe('base of absolute links; null takes it from the request'),
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('warn').describe('least level that is logged to standard error'),
  metrics: z
    .enum(['token', 'open', 'off'])
    .default('token')
    .describe('who may read GET /metrics: who has a token with the scope metrics or admin, everybody, or nobody'),
  tracing: tracing.nullable().default(null).describe('send OpenTelemetry traces to a collector'),
  concurrency: whole(1, 256).default(4).describe('turns of jobs at once'),
  jsonItems: whole(1).default(10_000).describe('items in one JSON body'),
  submitBodyBytes: whole(1024)
    .default(32 * MIB)
    .describe('bytes of one JSON job submission'),
  jsonBodyBytes: whole(1024).default(MIB).describe('bytes of any other JSON body'),
  uploadBytes: whole(1)
    .default(5 * 1024 * 1024 * MIB)
    .describe('bytes of one uploaded file'),
  uploadLifeMs: whole(1000, LONGEST_RETENTION_MS)
    .default(7 * DAY_MS)
    .describe('how long an upload in parts may take before it ends by itself'),
  manifestLineBytes: whole(1024)
    .default(64 * 1024)
    .describe('bytes of one manifest line'),
  requestsPerMinute: whole(1).default(1_000_000).describe('requests a minute by one token'),
  sevenbridgesRequests: whole(1).default(1_000).describe('requests in five minutes by one token, through the Seven Bridges dialect'),
  signingKey: z
    .string()
    .min(32, 'must have 32 characters or more, at random')
    .nullable()
    .default(null)
    .describe('secret that signs URLs; null makes one and keeps it beside the ledger'),
  signedUrlLifeMs: whole(1000, LONGEST_RETENTION_MS).default(HOUR_MS).describe('how long a signed URL works'),
  headerTimeoutMs: whole(100, LONGEST_TIMER_MS).default(15_000).describe("time for a request's header to arrive"),
  bodyTimeoutMs: whole(100, LONGEST_TIMER_MS).default(60_000).describe("time for each KiB of a request's body"),
  retentionMs: z
    .strictObject({
      v1: retention('/v1'),
      apollo: retention('the Apollo dialect'),
      sevenbridges: retention('the Seven Bridges dialect'),
      cmwell: retention('the CM-Well dialect', 15 * MINUTE_MS),
    })
    .prefault({})
    .describe('how long finished jobs are kept, by the dialect they came through; as JSON in the environment'),
  auditRetentionMs: whole(0, LONGEST_RETENTION_MS)
    .default(365 * DAY_MS)
    .describe('how long it is kept who did what, and which tokens have ended; 0 records nothing'),
  deletedRetentionMs: whole(1000, LONGEST_RETENTION_MS)
    .default(30 * DAY_MS)
    .describe('how long it is kept what a deleted collection held, for backups that name it'),
  cmwellCompat: z.enum(['docs', 'server']).default('docs').describe('the CM-Well dialect as its documents say (docs) or as its server does (server)'),
  webhookHttp: flag.default(false).describe('take webhooks whose URL begins with http, beside https'),
  webhookAllow: z
    .array(z.string().refine(isAllowable, 'must be an address, a network such as 10.0.0.0/8, or the name of a host'))
    .default([])
    .describe('addresses, networks and hosts that webhooks may call although they are not public; as JSON in the environment'),
  webhookRetryMs: whole(10, HOUR_MS)
    .default(5_000)
    .describe('wait after the first failed attempt of a webhook; each further one is three times as long, up to 6 hours'),
  webhookGiveUpMs: whole(0, LONGEST_RETENTION_MS)
    .default(3 * DAY_MS)
    .describe('how long an event is sent again before it is given up, and a webhook that takes none before it is disabled'),
  jwt: jwt.nullable().default(null).describe('accept JWTs of this issuer beside our own tokens'),
  quotas: z
    .strictObject({ default: quotas.extend({ eventStreams: quota().default(1_000) }).prefault({}), subjects: z.record(z.string(), quotas).default({}) })
    .prefault({})
    .describe('what one subject may have at once; as JSON in the environment'),
  stores: storesSchema.nullable().default(null).describe('where the bytes of files live, by name; null keeps one store named local in the data directory'),
  defaultStore: z.string().nullable().default(null).describe('the store of collections that do not say; null takes the first'),
})

/** Every setting, with its default: one schema for the file, the environment and the flags. */
export const configSchema = settings.superRefine((config, context) => {
  for (const { path, message } of [...faultsOfStores(config), ...faultsOfQuotas(config.quotas)]) context.addIssue({ code: 'custom', path, message })
})

export type Config = z.infer<typeof configSchema>
export type ConfigInput = { readonly [K in keyof Config]?: unknown }

/** WAYBILL_PORT for port, WAYBILL_PUBLIC_URL for publicUrl; WAYBILL_JWT, WAYBILL_RETENTION_MS, WAYBILL_STORES, WAYBILL_TRACING and WAYBILL_WEBHOOK_ALLOW hold JSON. */
export function environmentName(key: string): string {
  return `WAYBILL_${key.replaceAll(/[A-Z]/g, letter => `_${letter}`).toUpperCase()}`
}

/**
 * The configuration: a JSON file, over it the environment, over both the flags. An empty variable counts as none, and one that begins with WAYBILL_ but is
 * no setting is only warned of: orchestrators set such names by themselves. Throws `invalid_request` with every fault: which setting, from where, and what would be right.
 */
export function loadConfig(sources: { readonly file?: string; readonly env?: NodeJS.ProcessEnv; readonly flags?: ConfigInput }): Config {
  const merged: Record<string, unknown> = sources.file === undefined ? {} : readFile(sources.file)
  const origins = new Map(Object.keys(merged).map(key => [key, sources.file]))
  for (const key of Object.keys(configSchema.shape)) {
    const name = environmentName(key)
    const fromEnvironment = sources.env?.[name]
    if (fromEnvironment !== undefined && fromEnvironment !== '') {
      const example = STRUCTURED.get(key)
      merged[key] = example === undefined ? fromEnvironment : parseJson(fromEnvironment, name, `; it takes JSON, such as ${example}`)
      origins.set(key, name)
    }
    const flag = sources.flags?.[key as keyof Config]
    if (flag === undefined) continue
    merged[key] = flag
    origins.set(key, 'the command line')
  }
  const parsed = configSchema.safeParse(merged, { error: plainFault })
  const named = parsed.success ? secretVariables(parsed.data.stores) : []
  for (const sentence of unknownVariables(sources.env ?? {}, named)) process.emitWarning(sentence)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(issue => {
    const { path } = issue
    const message = issue.code === 'unrecognized_keys' ? unknownMembers(configSchema, merged, issue) : issue.message
    const origin = origins.get(String(path[0]))
    return path.length === 0
      ? `${sources.file ?? 'the configuration'}: ${message}`
      : `${path.join('.')}${origin === undefined ? '' : ` (from ${origin})`}: ${message}`
  })
  throw new WaybillError(
    'invalid_request',
    `the configuration is wrong${faults.length === 1 ? ': ' : ` in ${faults.length} places:\n  `}${faults.join('\n  ')}`,
  )
}

/** A sentence on every variable that looks like a setting and is none. `named` are those that a setting names. */
function unknownVariables(env: NodeJS.ProcessEnv, named: readonly string[]): string[] {
  const known = [...Object.keys(configSchema.shape).map(environmentName), ...OTHER_VARIABLES]
  return Object.entries(env)
    .filter(([name, value]) => name.startsWith('WAYBILL_') && value !== '' && !known.includes(name) && !named.includes(name))
    .map(([name]) => `the environment variable ${name} is no setting; the nearest is ${nearest(name, known)}`)
}

function readFile(file: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (cause as Error).message
    throw new WaybillError('invalid_request', `the configuration file ${file} cannot be read: ${why}`, {}, { cause })
  }
  const value = parseJson(text, file)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new WaybillError('invalid_request', `${file}: must hold a JSON object`)
  // for editors; it says where the schema is
  const { $schema: _schema, ...settings } = value as Record<string, unknown>
  return settings
}

function parseJson(text: string, where: string, right = ''): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new WaybillError('invalid_request', `${where}: is not valid JSON: ${(cause as Error).message}${right}`, {}, { cause })
  }
}
