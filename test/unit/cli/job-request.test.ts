import { describe, expect, it } from 'vitest'
import { jobRequest } from '../../../src/cli/job-request.ts'
import { withDestination } from '../../../src/cli/manifest.ts'
import { parseDestination, parseSource } from '../../../src/cli/place.ts'

const copy = { kind: 'copy' } as const
const request = (source: string, destination: string) => jobRequest(copy, parseSource(source), parseDestination(destination))

describe('the request of cp', () => {
  it('is one item for one file', async () => {
    await expect(request('photos:2026/a.png', 'archive:old/')).resolves.toEqual({
      kind: 'copy',
      items: [{ source: { collection: 'photos', path: '2026/a.png' }, destination: { collection: 'archive', path: 'old/a.png' } }],
    })
  })

  it('is a selection for a prefix or glob', async () => {
    await expect(request('photos:2026/**/*.png', 'archive:old/')).resolves.toEqual({
      kind: 'copy',
      select: [{ source: { collection: 'photos', prefix: '2026/', glob: '**/*.png' }, destination: { collection: 'archive', prefix: 'old/' } }],
    })
  })

  it('keeps the paths for a collection alone, and drops the prefix for its root', async () => {
    await expect(request('photos:2026/', 'archive')).resolves.toMatchObject({ select: [{ destination: { collection: 'archive', prefix: '2026/' } }] })
    await expect(request('photos:2026/', 'archive:')).resolves.toMatchObject({ select: [{ destination: { collection: 'archive', prefix: '' } }] })
  })

  it('refuses many files for one path, and a missing destination', async () => {
    await expect(request('photos:2026/', 'archive:old')).rejects.toThrow('must end with "/": write archive:old/')
    await expect(jobRequest(copy, parseSource('photos:a'), null)).rejects.toThrow('DST is missing')
  })

  it('needs no destination to delete', async () => {
    await expect(jobRequest({ kind: 'delete' }, parseSource('photos:a'), null)).resolves.toEqual({
      kind: 'delete',
      items: [{ source: { collection: 'photos', path: 'a' } }],
    })
  })
})

describe('a line of a manifest', () => {
  const destination = parseDestination('archive:old/')

  it('gets the destination that it leaves out, with its whole path', () => {
    const line = withDestination('{"source":{"collection":"photos","path":"x/a.png"}}', destination)
    expect(JSON.parse(line)).toEqual({ source: { collection: 'photos', path: 'x/a.png' }, destination: { collection: 'archive', path: 'old/x/a.png' } })
  })

  it.each(['{"source":{"collection":"p","path":"a"},"destination":{"collection":"q"}}', '{broken', '[]', '3', 'null', '', '{"source":{}}'])(
    'stays as it is: %s',
    line => {
      expect(withDestination(line, destination)).toBe(line)
    },
  )
})
