const BOUNDARY = 'foo_bar_baz'

/** A multipart/related request body and the headers that go with it. */
export interface Upload {
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

export interface UploadParts {
  readonly metadata: object | string
  readonly media?: Buffer | string
  readonly mediaHeaders?: Readonly<Record<string, string>>
}

/** The two parts of an upload, as the documents lay them out. */
export function upload({ metadata, media, mediaHeaders = { 'Content-Type': 'application/octet-stream' } }: UploadParts): Upload {
  const first = part({ 'Content-Type': 'application/json; charset=UTF-8;' }, typeof metadata === 'string' ? metadata : JSON.stringify(metadata))
  const second = media === undefined ? Buffer.alloc(0) : part(mediaHeaders, media)
  return related(Buffer.concat([first, second, Buffer.from(`--${BOUNDARY}--\r\n`)]))
}

/** Any bytes, announced as multipart/related. */
export function related(body: Buffer | string): Upload {
  return { body: Buffer.from(body as Buffer), headers: { 'content-type': `multipart/related; boundary=${BOUNDARY}`, 'x-metadata-only': 'false' } }
}

function part(headers: Readonly<Record<string, string>>, content: Buffer | string): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`--${BOUNDARY}\r\n${lines.join('')}\r\n`), Buffer.from(content as Buffer), Buffer.from('\r\n')])
}
