import { expect } from 'vitest'
import type { Answer } from '../../support/http.ts'

/** The sentence of every 403. */
export const REFUSED = 'The request is understood, but it has been refused or access is not allowed'

/** The body of an answer that must have this status and be JSON. */
export function jsonOf<T = Record<string, unknown>>(answer: Answer, status = 200): T {
  expect({ status: answer.status, body: answer.status === status ? '' : answer.body }).toEqual({ status, body: '' })
  expect(answer.headers['content-type']).toMatch(/^application\/json\b/)
  return JSON.parse(answer.body) as T
}

/** An error must be exactly the documented envelope, with the HTTP status as a string and this message (or one that fits the pattern). */
export function expectRefusal(answer: Answer, status: number, message: string | RegExp): void {
  const body = jsonOf<{ status: { message: string; code: string } }>(answer, status)
  expect(body).toEqual({ status: { message: expect.any(String) as string, code: String(status) } })
  if (typeof message === 'string') expect(body.status.message).toBe(message)
  else expect(body.status.message).toMatch(message)
}
