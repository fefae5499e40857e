import { describe, expect, it } from 'vitest'
import { subjectFault } from '../../../src/model/access.ts'

describe('subjects', () => {
  it.each(['ada', 'ada@example.org', 'https://issuer.example/users/7', 'Ada Lovelace', 'オダ', 'auth0|5f7c', 'x'.repeat(200)])('%s is good', subject => {
    expect(subjectFault(subject)).toBeNull()
  })

  it.each(['', ' ada', 'ada\n', 'a\tb', 'a\u0000', 'a\u202eb', '\ud800', 'x'.repeat(201)])('%j is refused', subject => {
    expect(subjectFault(subject)).not.toBeNull()
  })
})
