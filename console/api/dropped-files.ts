/** A file and where it belongs beneath the folder that it was dropped on. */
export interface Dropped {
  readonly path: string
  readonly file: File
}

/** All files of a drop, those of dropped folders with their paths. Must be called while the event is handled: its data is gone afterwards. */
export async function droppedFiles(data: DataTransfer): Promise<Dropped[]> {
  const dropped = [...data.items].map(item => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }))
  const found: Dropped[] = []
  for (const { entry, file } of dropped) {
    if (entry !== null) await collect(entry, '', found)
    // what no file system holds, as a picture that was dragged out of a page
    else if (file !== null) found.push({ path: file.name, file })
  }
  return found
}

async function collect(entry: FileSystemEntry, folder: string, found: Dropped[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    found.push({ path: folder + entry.name, file })
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    // a reader hands out some at a time, and at last none
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return
    for (const child of some) await collect(child, `${folder}${entry.name}/`, found)
  }
}
