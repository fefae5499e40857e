import { expect, it } from 'vitest'
import { complaint } from '../../../src/queue/pg-boss/complaint.ts'

it('what pg-boss complains of is an error, also where it gives a copy, and tells nothing of the connection', () => {
  const client = { user: 'u', secretKey: 's' }
  const broken = Object.assign(new Error('Connection terminated unexpectedly'), { client })
  const copy = { message: 'could not serialize access', code: '40001', client }

  expect(complaint(broken)).toBe(broken)
  expect(complaint(copy)).toMatchObject({ code: 'unavailable', cause: { message: 'could not serialize access', code: '40001' } })
  expect(JSON.stringify([broken, copy])).not.toContain('client')
})
