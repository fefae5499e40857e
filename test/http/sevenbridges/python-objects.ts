import type { PythonAnswer } from './python-client.ts'
import { expect } from 'vitest'

type Members = Readonly<Record<string, unknown>>

/** What `.json()` gives of an answer that the client takes for a success (200 to 203). */
export function jsonOf(answer: PythonAnswer): Members {
  expect([200, 201, 202, 203], answer.body).toContain(answer.status)
  return JSON.parse(answer.body) as Members
}

/** The fields of an object, checked as the client's own field types check them; it never has to fetch a key that is missing. */
function fields(data: Members, types: Readonly<Record<string, (value: unknown) => boolean>>): Members {
  for (const [key, fits] of Object.entries(types)) {
    expect(data, `${key} of ${JSON.stringify(data)}`).toHaveProperty(key)
    expect(fits(data[key]), `${key} is ${JSON.stringify(data[key])}`).toBe(true)
  }
  return data
}

const text = (value: unknown): boolean => value === null || typeof value === 'string'
const integer = (value: unknown): boolean => value === null || Number.isInteger(value)
const list = (value: unknown): boolean => value === null || Array.isArray(value)
const object = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)
const href = (value: unknown): boolean => typeof value === 'string' && /^http:\/\/127\.0\.0\.1:\d+\/v2\//.test(value)
/** What its `strptime` takes, in old releases and in new ones. */
const time = (value: unknown): boolean => value === null || (typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value))

export function userOf(answer: PythonAnswer): Members {
  return fields(jsonOf(answer), { href, username: text, email: text, first_name: text, last_name: text })
}

export function projectOf(answer: PythonAnswer): Members {
  const data = jsonOf(answer)
  // these two stop the client when they are null
  expect(data['type']).toBe('v2')
  if ('billing_group' in data) expect(data['billing_group']).toMatch(/^[0-9a-f-]{36}$/)
  return fields(data, { href, id: text, name: text, description: text, tags: list, settings: object, root_folder: text, created_on: time, modified_on: time })
}

export function fileOf(data: Members): Members {
  return fields(data, {
    ...{ href, id: text, type: text, name: text, size: integer, parent: text, project: text, created_on: time, modified_on: time },
    ...{ origin: object, storage: object, metadata: object, tags: list },
  })
}

export function jobOf(data: Members): Members {
  return fields(data, {
    ...{ href, id: value => typeof value === 'string' && /^\d+$/.test(value), type: text, state: text, result: list },
    ...{ total_files: integer, failed_files: integer, completed_files: integer, started_on: time, finished_on: time },
  })
}

/** `job.get_result()`: of each record whether it is valid, and its resource or error. */
export function resultsOf(job: Members): { readonly valid: boolean; readonly resource: Members | null; readonly error: Members | null }[] {
  return (job['result'] as Members[]).map(record => {
    const error = (record['error'] as Members | undefined) ?? null
    const resource = (record['resource'] as Members | undefined) ?? null
    if (error !== null) fields(error, { status: Number.isInteger, code: Number.isInteger, message: text, more_info: text })
    return { valid: error === null, resource, error }
  })
}

/** A `Collection`: without its header or one of its three keys the client stops. */
export function collectionOf(answer: PythonAnswer): { readonly total: number; readonly items: Members[]; readonly href: string; readonly next: string | null } {
  const data = fields(jsonOf(answer), { href, items: Array.isArray, links: Array.isArray })
  expect(answer.headers.get('x-total-matching-query')).toMatch(/^\d+$/)
  const links = data['links'] as { href: string; rel: string; method: string }[]
  return {
    total: Number(answer.headers.get('x-total-matching-query')),
    items: data['items'] as Members[],
    href: data['href'] as string,
    next: links.find(link => link.rel.toLowerCase() === 'next')?.href ?? null,
  }
}
