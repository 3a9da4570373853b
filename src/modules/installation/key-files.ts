import { join, relative } from 'node:path'
import type { Check } from '#core/check'
import { databaseFolder } from './data-folder.ts'
import { fileModesBelow, octal, type FileMode } from './file-mode.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, MINUTE, selfCheck, unknown, type Sight } from './self-check.ts'

export function keyFilesCheck({ dataFolder, operatorFolder, server }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'key-files',
      title: "Keys and tokens can be read by the program's account alone",
      controls: ['key-management', 'secrets-managed'],
      method: "Reads owner and mode of the root key, of every file of the key ring, of the operator's token and socket with their folder, and of the database administrator's password.",
      cadenceSeconds: 15 * MINUTE,
      revision: 1,
      allHold: () => "root key, key ring, operator's token and database password are closed to every other account",
    },
    {
      targets: () => ['root key', 'key ring', "operator's folder", ...(server.kind === 'embedded' ? ['database password'] : [])],
      look: async (target) => {
        switch (target) {
          case 'root key':
            return closed(await fileModesBelow(join(dataFolder, 'keys', 'root')), 'no local root key: the root is elsewhere')
          case 'key ring':
            return closed(await fileModesBelow(join(dataFolder, 'keys')), 'the folder of the key ring is not there')
          case 'database password':
            return closed(await fileModesBelow(join(databaseFolder(server, dataFolder), 'admin.secret')), 'the file with the password is not there')
          default:
            return closed(await fileModesBelow(operatorFolder), "the operator's folder is not there")
        }
      },
    },
  )

  function closed(found: readonly FileMode[], absent: string): Sight {
    if (found.length === 0) return unknown(absent)
    const self = process.getuid?.()
    const open = found.find(({ mode }) => (mode & 0o077) !== 0)
    if (open) return fails(`${relative(dataFolder, open.path)} has mode ${octal(open.mode)}; run chmod ${open.kind === 'folder' ? '700' : '600'} on it, and rotate what others could have read`, { file: relative(dataFolder, open.path), mode: octal(open.mode) })
    const foreign = self === undefined ? undefined : found.find(({ uid }) => uid !== self)
    if (foreign) return fails(`${relative(dataFolder, foreign.path)} belongs to account ${foreign.uid}, not to account ${self} that runs the program`, { file: relative(dataFolder, foreign.path), uid: foreign.uid })
    return holds(`${found.length} files and folders are closed to other accounts`, { files: found.length })
  }
}
