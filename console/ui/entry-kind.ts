import type { EntryInfo } from '../api/types.ts'
import type { IconName } from './icons.tsx'

/** How each kind of entry is shown: icon and word. A file is what most are, so its word is not said in lists. */
export const ENTRY_LOOKS: Readonly<Record<EntryInfo['kind'], { readonly icon: IconName; readonly word: string; readonly meaning: string }>> = {
  file: { icon: 'file', word: 'File', meaning: 'has bytes' },
  folder: { icon: 'folder', word: 'Folder', meaning: 'holds other entries, and may have fields of its own' },
  object: { icon: 'object', word: 'Object', meaning: 'has fields alone and no bytes, as a resource of a graph has' },
  link: { icon: 'link', word: 'Link', meaning: 'stands for another entry, which its fields name' },
}
