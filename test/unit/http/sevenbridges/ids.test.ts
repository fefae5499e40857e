import { describe, expect, it } from 'vitest'
import {
  entityIdOf,
  fileIdOf,
  givenIdOf,
  isJobNumber,
  isProjectId,
  ownerOf,
  projectOfRoot,
  rootIdOf,
  shortNameOf,
} from '../../../../src/http/sevenbridges/ids.ts'

describe('ids of files', () => {
  it('are the hex digits of a UUID, which is also taken with its dashes', () => {
    const uuid = '0197c0ff-ee00-7abc-8def-0123456789ab'
    expect(fileIdOf(uuid)).toBe('0197c0ffee007abc8def0123456789ab')
    expect(givenIdOf(uuid)).toBe('0197c0ffee007abc8def0123456789ab')
    expect(entityIdOf('0197C0FFEE007abc8def0123456789ab')).toBe(uuid)
    expect(entityIdOf(uuid.toUpperCase())).toBe(uuid)
  })

  it('of 24 digits, as the documents have them, can be told again', () => {
    const id = '5c6d3f30e4b038563238932f'
    expect(entityIdOf(id)).toBe('00000000-5c6d-3f30-e4b0-38563238932f')
    expect(givenIdOf(entityIdOf(id))).toBe(id)
  })

  it('may be any text: it stands for no entity, always the same one, and cannot be told again', () => {
    for (const id of ['', 'nonsense', '0197c0ff', `${'0'.repeat(32)}0`, '0197c0ff-ee007abc8def-0123456789ab', 'é'.repeat(300)]) {
      expect(entityIdOf(id)).toMatch(/^ffffffff(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      expect(entityIdOf(id)).toBe(entityIdOf(id))
      expect(givenIdOf(entityIdOf(id))).toBeNull()
    }
    expect(entityIdOf('a')).not.toBe(entityIdOf('b'))
  })
})

describe('ids of root folders', () => {
  it('are those of their projects in another form', () => {
    expect(rootIdOf('alice/my-project_1.0')).toBe('root~alice~my-project_1.0')
    expect(projectOfRoot('root~alice~my-project_1.0')).toBe('alice/my-project_1.0')
    expect(projectOfRoot('0197c0ffee007abc8def0123456789ab')).toBeNull()
    // a collection that is no project has no root here
    for (const none of ['root~plain', 'root~', 'root~a~', 'root~a~b/c']) expect(projectOfRoot(none)).toBeNull()
  })
})

describe('ids of projects', () => {
  it('have an owner and a name', () => {
    expect(['alice/p', 'a.b/c-d'].every(isProjectId)).toBe(true)
    expect(['', 'alice', 'alice/', '/p', 'a/b/c'].some(isProjectId)).toBe(false)
  })

  it('are made of a subject and a name', () => {
    expect(ownerOf('alice')).toBe('alice')
    expect(ownerOf('alice@example.org')).toBe('alice-example.org')
    expect(ownerOf('_Jane  Doe_')).toBe('Jane-Doe')
    expect(shortNameOf('  My (Ünique) Project #2 ')).toBe('my-unique-project-2')
    expect(shortNameOf('プロジェクト')).toBe('')
  })
})

describe('ids of jobs', () => {
  it('are decimal numbers', () => {
    expect(['1', '4823742387421'].every(isJobNumber)).toBe(true)
    expect(['', '-1', '1.0', '0x1', '1e3', '70721895322947584', ' 1'].some(isJobNumber)).toBe(false)
  })
})
