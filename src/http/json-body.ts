import { WaybillError } from '../model/errors.ts'
import { jsonDepthFault, jsonValuesFault } from '../model/json-depth.ts'

/** The body as a JSON object. Throws `invalid_json` saying what came instead: nothing, another encoding, no JSON, no object. */
export function jsonObjectOf(body: unknown): Record<string, unknown> {
  const value = jsonOf(body)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new WaybillError('invalid_json', 'the body is JSON but not an object; send a JSON object')
  return value as Record<string, unknown>
}

/** The body's bytes as any JSON value. Throws `invalid_json`. */
export function jsonOf(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || body.length === 0) throw new WaybillError('invalid_json', 'the body is empty; send a JSON object')
  const many = jsonValuesFault(body)
  if (many !== null) throw new WaybillError('body_too_large', `the body ${many}`)
  const value = parseJson(body)
  const fault = jsonDepthFault(value)
  if (fault !== null) throw new WaybillError('invalid_json', `the body ${fault}`)
  return value
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(UTF8.decode(body))
  } catch (error) {
    // SyntaxError from the parser, TypeError from the decoder: both mean that this is no JSON (RFC 8259 section 8.1 wants UTF-8)
    const fault = error instanceof SyntaxError ? error.message : 'it is not UTF-8'
    throw new WaybillError('invalid_json', `the body is not valid JSON: ${fault}`, {}, { cause: error })
  }
}
