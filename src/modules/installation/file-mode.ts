import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** What a file or folder is open to, apart from its owner. */
export interface FileMode {
  path: string
  kind: 'file' | 'folder' | 'other'
  /** Permission bits, 0 to 0o777. */
  mode: number
  uid: number
}

export const octal = (mode: number): string => mode.toString(8).padStart(4, '0')

/** @returns undefined where there is nothing. A link is not followed: it is judged as what it is. */
export async function fileMode(path: string): Promise<FileMode | undefined> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  return found && { path, kind: found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other', mode: found.mode & 0o777, uid: found.uid }
}

/** A folder and everything below it, at most `most` entries; the folder first. */
export async function fileModesBelow(folder: string, most = 100_000): Promise<FileMode[]> {
  const top = await fileMode(folder)
  if (top === undefined) return []
  const all: FileMode[] = [top]
  const waiting = top.kind === 'folder' ? [folder] : []
  for (let at = waiting.pop(); at !== undefined && all.length < most; at = waiting.pop()) {
    // A file that goes while we look is no finding.
    for (const name of await readdir(at).catch(() => [])) {
      const entry = await fileMode(join(at, name))
      if (entry === undefined) continue
      all.push(entry)
      if (entry.kind === 'folder') waiting.push(entry.path)
    }
  }
  return all
}
