/**
 * `Content-Disposition: attachment` with the file's own name (RFC 6266), never inline: plain ASCII for old clients, and the exact name
 * percent-encoded as RFC 8187 has it.
 */
export function attachment(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_')
  const exact = encodeURIComponent(name).replaceAll(/['()*]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`
}
