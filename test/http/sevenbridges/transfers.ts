import { startTestServer, type TestServer } from '../../support/server.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import type { ConfigInput } from '../../../src/config.ts'
import type { Scope } from '../../../src/model/access.ts'
import { Client, callerOf } from './world.ts'

/** A server whose time only a test moves, with the project alice/data. */
export interface Transfers {
  readonly server: TestServer
  readonly clock: VirtualClock
  readonly alice: Client
  client(subject: string, scopes?: readonly Scope[]): Promise<Client>
  close(): Promise<void>
}

export const PROJECT = 'alice/data'

export async function startTransfers(config: ConfigInput = {}): Promise<Transfers> {
  const clock = new VirtualClock()
  const server = await startTestServer(config, clock)
  const clients: Client[] = []
  const client: Transfers['client'] = async (subject, scopes = ['read', 'write']) => {
    const made = new Client(server.url, await server.token(subject, scopes))
    clients.push(made)
    return made
  }
  await server.engine.collections.create(callerOf('alice'), { id: PROJECT, name: 'Data' })
  return {
    server,
    clock,
    alice: await client('alice'),
    client,
    close: async () => {
      for (const one of clients) one.close()
      await server.close()
    },
  }
}

/** What the official client is given to upload. */
export interface UploadWish {
  readonly bytes: string
  readonly name: string
  readonly project?: string
  readonly parent?: string
  readonly partSize?: number
  readonly overwrite?: boolean
}

export interface StartedUpload {
  readonly upload_id: string
  readonly part_size: number
}

/** Begins an upload as the official client does (sevenbridges/transfer/upload.py): absent members are left out, and truth is written as Python does. */
export function startUpload(client: Client, { bytes, name, project, parent, partSize, overwrite }: UploadWish): Promise<StartedUpload> {
  const place = project === undefined ? { parent } : { project }
  const body = { name, size: bytes.length, ...(partSize === undefined ? {} : { part_size: partSize }), ...place }
  return client.json('POST', `/v2/upload/multipart${overwrite === true ? '?overwrite=True' : ''}`, body)
}

/** The parts that the official client cuts: a last part of a single byte is left in the one before, and sent empty. */
export function cut(bytes: string, partSize: number): { readonly number: number; readonly bytes: string }[] {
  const parts = []
  let start = 0
  for (let number = 1; number <= Math.ceil(bytes.length / partSize); number += 1) {
    const end = start + partSize >= bytes.length - 1 ? bytes.length : start + partSize
    parts.push({ number, bytes: bytes.slice(start, end) })
    start = end
  }
  return parts
}

/** Asks for the URL of a part, puts its bytes there without any credentials, and reports it, as the official client does: GET with the body `null`. */
export async function sendPart(client: Client, upload: string, number: number, bytes: string): Promise<void> {
  const base = `/v2/upload/multipart/${upload}/part`
  const { url } = await client.json<{ url: string }>('GET', `${base}/${number}`, 'null')
  const put = await fetch(url, { method: 'PUT', body: Buffer.from(bytes) })
  const etag = put.headers.get('etag')
  if (put.status !== 200 || etag === null) throw new Error(`part ${number}: ${put.status} ${await put.text()}`)
  await client.json('POST', `${base}/`, { part_number: number, response: { headers: { ETag: etag.replaceAll('"', '') } } })
}

/** A whole upload as the official client does it, parts in twos side by side. Returns the file object. */
export async function upload(client: Client, wish: UploadWish): Promise<Readonly<Record<string, unknown>>> {
  const started = await startUpload(client, wish)
  const parts = cut(wish.bytes, started.part_size)
  while (parts.length > 0) await Promise.all(parts.splice(0, 2).map(({ number, bytes }) => sendPart(client, started.upload_id, number, bytes)))
  return client.json('POST', `/v2/upload/multipart/${started.upload_id}/complete`, 'null')
}

/**
 * A whole download as the official client does it (sevenbridges/transfer/download.py): the size from a first GET whose body is not read, then ranges of one
 * size, the last of which passes the end.
 */
export async function download(url: string, partSize: number): Promise<string> {
  const stop = new AbortController()
  const first = await fetch(url, { signal: stop.signal })
  const size = Number(first.headers.get('content-length'))
  stop.abort()
  let bytes = ''
  for (let start = 0; start < size; start += partSize) {
    const part = await fetch(url, { headers: { range: `bytes=${start}-${start + partSize - 1}` } })
    if (part.status !== 206) throw new Error(`the range from ${start} answered ${part.status}`)
    const arrived = await part.text()
    bytes += arrived
  }
  return bytes
}

/** The URL that the dialect gives for a file's bytes. */
export async function urlOf(client: Client, file: string): Promise<string> {
  return (await client.json<{ url: string }>('GET', `/v2/files/${file}/download_info`, 'null')).url
}
