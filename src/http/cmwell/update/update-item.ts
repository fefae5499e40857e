import type { EntryChange } from '../../../model/entry-change.ts'
import type { FieldValues } from '../../../model/field-values.ts'
import type { SourceRef, SubmitItem } from '../../../model/job.ts'
import { linkSetting, protocolSetting } from '../infoton/own-fields.ts'
import type { Place } from '../place.ts'
import type { StoredBytes, SubjectUpdate } from './update.ts'
import { hasEffect } from './update.ts'

/** The item of a job that does what a document wants of one infoton; `content` are the bytes of its file, stored beforehand. */
export function updateItem(update: SubjectUpdate, place: Place, content: StoredBytes | null): SubmitItem {
  return { source: { ...place, ...conditionOf(update.prevUuid) }, change: changeOf(update, content) }
}

/** Contract, section 3: '' that nothing has ever been there; a tombstone counts as present, with its own uuid. */
function conditionOf(prevUuid: string | null): Pick<SourceRef, 'ifMatch' | 'version'> {
  if (prevUuid === null) return {}
  return prevUuid === '' ? { version: 0 } : { ifMatch: prevUuid }
}

function changeOf(update: SubjectUpdate, content: StoredBytes | null): EntryChange {
  const deletes = update.fullDelete !== null || update.kind === 'deleted'
  const kind = update.kind === 'deleted' ? null : update.kind
  if (deletes && !hasEffect({ ...update, fullDelete: null, kind })) return { delete: true }
  const settings = [protocolSetting(update.protocol), linkSetting(update.link ?? { to: null, type: null })]
  const remove = [...update.remove, ...settings.flatMap(setting => setting.remove)]
  const set = settings.map(setting => setting.add).filter(values => Object.keys(values).length > 0)
  const add = set.length === 0 ? update.add : merged([update.add, ...set])
  return {
    // what one document deletes and writes begins anew
    ...(deletes ? { delete: true } : {}),
    ...(kind === null ? {} : { kind }),
    ...(remove.length === 0 ? {} : { remove }),
    ...(Object.keys(add).length === 0 ? {} : { add }),
    ...(content === null ? {} : { content }),
    ...(update.file?.mimeType == null ? {} : { mediaType: update.file.mimeType }),
  }
}

function merged(sets: readonly FieldValues[]): FieldValues {
  // entries, and no assignment: a field may have the name `__proto__`
  return Object.fromEntries(sets.flatMap(set => Object.entries(set)))
}
