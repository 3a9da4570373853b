import { join, relative } from 'node:path'
import type { Check } from '#core/check'
import { fileModesBelow, fileMode, octal, type FileMode } from './file-mode.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, MINUTE, selfCheck, unknown, type Sight } from './self-check.ts'

export function dataFolderCheck({ dataFolder, server }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'data-folder',
      title: 'Stored data is closed to other accounts of the machine',
      controls: ['data-confidential', 'secure-defaults', 'access-least-privilege'],
      method: "Reads the mode of the data folder, of the object store and everything in it, of the database's files and of the folder of its socket: no other account may read or write there. Another account may pass through a folder where the database runs under an account of its own.",
      cadenceSeconds: HOUR,
      timeLimitSeconds: 5 * MINUTE,
      revision: 1,
      allHold: () => 'data folder, objects, database files and database socket are closed to other accounts',
    },
    {
      targets: () => ['data folder', 'objects', 'database files', 'database socket'],
      look: async (target) => {
        switch (target) {
          case 'data folder':
            return judge(await one(dataFolder), 0o066, 'the data folder')
          case 'objects':
            return judge(await fileModesBelow(join(dataFolder, 'objects')), 0o077, 'the object store')
          case 'database files':
            return server.kind === 'external' ? unknown('the database runs elsewhere; its files are not seen from here') : judge(await fileModesBelow(join(databaseFolder(server, dataFolder), 'cluster')), 0o077, 'the database')
          default:
            return typeof server.admin.host === 'string' && server.admin.host.startsWith('/') ? judge(await one(server.admin.host), 0o077, "the folder of the database's socket") : unknown('the database is not reached through a socket')
        }
      },
    },
  )

  function judge(found: readonly FileMode[], forbidden: number, what: string): Sight {
    if (found.length === 0) return unknown(`${what} is not on this machine's disk`)
    const open = found.find(({ mode }) => (mode & forbidden) !== 0)
    if (open) return fails(`${relative(dataFolder, open.path) || '.'} has mode ${octal(open.mode)}; run chmod go-rwx on it`, { file: relative(dataFolder, open.path), mode: octal(open.mode) })
    return holds(`${what}: ${found.length} ${found.length === 1 ? 'entry is' : 'entries are'} closed to other accounts`, { entries: found.length })
  }
}

/** Where an embedded database lies: below the data folder, or where the server says it was put instead. */
export function databaseFolder(server: InstallationParts['server'], dataFolder: string): string {
  return 'folder' in server && typeof server.folder === 'string' ? server.folder : join(dataFolder, 'database')
}

async function one(path: string): Promise<FileMode[]> {
  const found = await fileMode(path)
  return found ? [found] : []
}
