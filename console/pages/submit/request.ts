import type { Api } from '../../api/api.ts'
import type { Conflict, JobInfo } from '../../api/types.ts'
import { manifestFormat } from '../../lib/manifest.ts'
import type { Picks } from '../../state/picks.ts'

export type Kind = 'copy' | 'move' | 'delete'
export const KINDS: readonly Kind[] = ['copy', 'move', 'delete']

/** What the dialog holds. */
export interface Draft {
  readonly kind: Kind
  readonly from: 'pattern' | 'picked' | 'manifest'
  readonly source: string
  readonly prefix: string
  readonly glob: string
  readonly picks: Picks | null
  readonly manifest: File | null
  readonly destination: string
  readonly destinationPrefix: string
  readonly conflict: Conflict
  readonly verify: boolean
  readonly label: string
  readonly priority: number
  /** Makes it safe to send the submission again. */
  readonly key: string
}

/** A key that no other submission has. By getRandomValues: randomUUID is there only over https. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return `console-${Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')}`
}

/** Why the draft cannot be sent yet, or null. */
export function missing(draft: Draft): string | null {
  if (draft.from === 'manifest') return draft.manifest === null ? 'Choose a manifest.' : null
  if (draft.from === 'pattern' && draft.source === '') return 'Name the collection that the files are in.'
  if (draft.kind !== 'delete' && draft.destination === '') return 'Name the collection that the files go to.'
  return null
}

/** Submits the draft, as a dry run or in earnest. */
export async function submit(api: Api, draft: Draft, dryRun: boolean): Promise<JobInfo> {
  const choices = {
    kind: draft.kind,
    ...(draft.kind === 'delete' ? {} : { conflict: draft.conflict }),
    ...(draft.verify ? { verify: 'digest' } : {}),
    ...(draft.label.trim() === '' ? {} : { label: draft.label.trim() }),
    priority: draft.priority,
    dryRun,
  }
  const headers = { ...(dryRun ? { prefer: 'wait=2' } : { 'idempotency-key': draft.key }) }
  if (draft.from === 'manifest' && draft.manifest !== null) {
    const format = manifestFormat(draft.manifest.name, await draft.manifest.slice(0, 64).text())
    const type = format === 'csv' ? 'text/csv' : 'application/x-ndjson'
    return api.json('POST', '/v1/jobs', {
      query: { ...choices, dryRun: String(dryRun) },
      body: draft.manifest,
      headers: { ...headers, 'content-type': type },
    })
  }
  return api.json('POST', '/v1/jobs', { json: { ...choices, ...placesOf(draft) }, headers })
}

/** Items and selections of a draft that is no manifest. */
export function placesOf(draft: Draft): { items?: object[]; select?: object[] } {
  const { source, prefix, glob, picks } = draft
  const into = (path: object): object => (draft.kind === 'delete' ? {} : { destination: { collection: draft.destination, ...path } })
  if (draft.from === 'pattern' || picks === null) {
    const from = { collection: source, ...(prefix === '' ? {} : { prefix }), ...(glob === '' ? {} : { glob }) }
    return { select: [{ source: from, ...into({ prefix: draft.destinationPrefix }) }] }
  }
  const named = (key: string): string => draft.destinationPrefix + key.slice(prefix.length)
  const files = picks.keys.filter(key => !key.endsWith('/'))
  const folders = picks.keys.filter(key => key.endsWith('/'))
  return {
    ...(files.length === 0 ? {} : { items: files.map(path => ({ source: { collection: picks.collection, path }, ...into({ path: named(path) }) })) }),
    ...(folders.length === 0
      ? {}
      : { select: folders.map(key => ({ source: { collection: picks.collection, prefix: key }, ...into({ prefix: named(key) }) })) }),
  }
}
