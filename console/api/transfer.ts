import type { EntryInfo } from '../../src/client/index.ts'
import type { Api } from './api.ts'
import { ApiError, collectionPath, entryPath, refusal } from './api.ts'

/** Uploads a file to a path, telling how many bytes have gone. By XMLHttpRequest: fetch does not tell. */
export function upload(
  api: Api,
  at: { readonly collection: string; readonly path: string },
  file: File,
  more: { readonly onSent: (bytes: number) => void; readonly signal: AbortSignal },
): Promise<EntryInfo> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('PUT', `${collectionPath(at.collection)}/entries/${entryPath(at.path)}`)
    request.setRequestHeader('authorization', api.authorization)
    request.setRequestHeader('content-type', file.type || 'application/octet-stream')
    request.upload.onprogress = ({ loaded }) => more.onSent(loaded)
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as EntryInfo)
      else reject(refusal(request.status, request.getResponseHeader('x-request-id'), request.responseText))
    }
    request.onerror = () => reject(new ApiError(0, 'unreachable', 'The upload broke off: the server does not answer. Nothing of this file was stored.'))
    request.onabort = () => reject(new ApiError(0, 'aborted', 'The upload was stopped. Nothing of this file was stored.'))
    more.signal.addEventListener('abort', () => request.abort())
    request.send(file)
  })
}

/** Saves an answer's bytes as a file. The token goes in a header, which a plain link cannot send; the browser keeps large ones on the disk. */
export async function download(api: Api, path: string, name: string, query: Readonly<Record<string, string>> = {}): Promise<void> {
  const response = await api.send('GET', path, { query })
  const url = URL.createObjectURL(await response.blob())
  const anchor = document.createElement('a')
  anchor.href = url
  anchor.download = nameFrom(response.headers.get('content-disposition')) ?? name
  anchor.click()
  // the browser has begun to read it by then; the blob would else be kept until the page goes
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

function nameFrom(disposition: string | null): string | null {
  return /filename="([^"]+)"/.exec(disposition ?? '')?.[1] ?? null
}
