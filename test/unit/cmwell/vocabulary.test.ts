import { describe, expect, it } from 'vitest'
import { blankName, blankPath, isRoot, parentPath, subjectIri, subjectPath } from '../../../src/http/cmwell/subjects.ts'
import { isFileData, metaIri, metaName, refuseMisspelt } from '../../../src/http/cmwell/update/vocabulary.ts'

describe("the protocol's own names", () => {
  it.each([
    ['cmwell://meta/sys#prevUUID', { space: 'sys', name: 'prevUUID' }],
    ['http://localhost:9000/meta/sys#uuid', { space: 'sys', name: 'uuid' }],
    ['https://any.host/meta/nn#x', { space: 'nn', name: 'x' }],
    ['cmwell://meta/ns#vcard', { space: 'ns', name: 'vcard' }],
    ['http://example.org/meta/other#x', null],
    ['http://example.org/a/meta/sys#x', null],
    ['http://www.w3.org/2006/vcard/ns#FN', null],
  ])('%s', (predicate, name) => {
    expect(metaName(predicate)).toEqual(name)
  })

  it('are written for a host or for none', () => {
    expect(metaIri('cmwell://', 'nn', 'trackingStatus')).toBe('cmwell://meta/nn#trackingStatus')
    expect(metaIri('http://localhost:9000/', 'sys', 'uuid')).toBe('http://localhost:9000/meta/sys#uuid')
  })

  it('those of file content are known', () => {
    expect(isFileData('http://h/meta/sys#base64-data')).toBe(true)
    expect(isFileData('http://h/meta/nn#data')).toBe(false)
  })

  it.each([
    ['prevUUId', 'prevUUID'],
    ['prevuuid', 'prevUUID'],
    ['preUUID', 'prevUUID'],
    ['previousUUID', null],
    ['fullDelte', 'fullDelete'],
    ['FullDelete', 'fullDelete'],
    ['markreplace', 'markReplace'],
    ['replaceGraphs', 'replaceGraph'],
    ['mimetype', 'mimeType'],
    ['tpye', 'type'],
    ['base64data', 'base64-data'],
    ['somethingElse', null],
    ['prevUUID', null],
  ])('sys#%s: the right spelling is %s', (name, right) => {
    if (right === null) expect(() => refuseMisspelt(name)).not.toThrow()
    else expect(() => refuseMisspelt(name)).toThrow(`unknown system predicate sys#${name}; the right spelling is sys#${right}`)
  })
})

describe('the path of a subject', () => {
  it.each([
    ['http://example.org/a', '/example.org/a', 'http'],
    ['https://example.org/a', '/example.org/a', 'https'],
    ['cmwell://a/b', '/a/b', null],
    ['http://localhost:9000/example.org/x', '/example.org/x', 'http'],
    ['http://my-CM-Well.host/a/b', '/a/b', 'http'],
    ['http://cmwell/a', '/a', 'http'],
    ['http://www.connext.com/a', '/a', 'http'],
    ['http://example.org//a///b//', '/example.org/a/b', 'http'],
    ['http://example.org', '/example.org', 'http'],
    ['http://example.org/a#b%20:c,d+e_f', '/example.org/a#b%20:c,d+e_f', 'http'],
    ['http://example.org/ü/😀', '/example.org/ü/😀', 'http'],
  ])('%s', (subject, path, protocol) => {
    expect(subjectPath(subject)).toEqual({ path, protocol })
  })

  it.each(['urn:x:y', 'ftp://example.org/a', '', 'example', 'http:/a', 'mailto:a@b'])('%s is refused', subject => {
    const message = `URI must be http://* or https://* or cmwell://*. other formats are not supported. got: '${subject}' (isURI=true, isEmpty=${subject === ''})`
    expect(() => subjectPath(subject)).toThrow(message)
  })

  it.each(['$', '?', '&', '=', '@', '(', ')', ';', '!', '*', "'", '~', '|', '{', '['])('with %s is refused', char => {
    expect(() => subjectPath(`http://example.org/a${char}b`)).toThrow(`illegal subject name: example.org/a${char}b`)
  })

  it.each(['cmwell://_sp', 'cmwell://ii/0123', 'cmwell://zz', 'cmwell://proc/node', 'http://localhost:9000/_in', 'cmwell://'])('%s is refused', subject => {
    expect(() => subjectPath(subject)).toThrow('requirement failed: one or more subjects in the document are not valid')
  })

  it.each(['cmwell://iii/0123', 'cmwell://zzz', 'http://example.org/_x', 'cmwell://procs'])('%s is taken', subject => {
    expect(() => subjectPath(subject)).not.toThrow()
  })

  it.each([`http://example.org/${'x'.repeat(2000)}`, 'http://example.org/../a', 'http://example.org/./a'])('is a path that our collections take', subject => {
    expect(() => subjectPath(subject)).toThrow(/^illegal subject name: .*; the path/)
  })

  it('comes back as a subject', () => {
    expect(subjectIri('/example.org/J', 'localhost:9000')).toBe('http://example.org/J')
    expect(subjectIri('/example.org/J', 'localhost:9000', 'https')).toBe('https://example.org/J')
    expect(subjectIri('/meta/x', 'localhost:9000', 'https')).toBe('http://localhost:9000/meta/x')
  })

  it('knows what is above, the root, and blank nodes', () => {
    expect(parentPath('/example.org/a/b')).toBe('/example.org/a')
    expect(parentPath('/example.org')).toBeNull()
    expect([isRoot('cmwell://'), isRoot('http://localhost:9000/'), isRoot('http://example.org/'), isRoot('x')]).toEqual([true, true, false, false])
    expect(blankName(blankPath('Ax1'))).toBe('Ax1')
    expect(blankName('/example.org/a')).toBeNull()
  })
})
