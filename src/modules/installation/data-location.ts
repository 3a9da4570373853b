import { isIP } from 'node:net'
import { realpath, statfs } from 'node:fs/promises'
import type { Check } from '#core/check'
import { databaseFolder } from './data-folder.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown, type Sight } from './self-check.ts'

/** File systems that are somebody else's disk (linux/magic.h): NFS, SMB, CIFS, SMB2, Ceph, AFS, Coda, 9p. */
const REMOTE = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x00c36400, 0x5346414f, 0x73757245, 0x01021997])

export function dataLocationCheck({ organisation, server, dataFolder }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'data-location',
      title: 'All data lies on this machine',
      controls: ['hosting-region', 'hosting-stated'],
      method: "Looks where each store really is: the database must be the embedded one, or be reached through a socket or loopback; the objects must lie in a folder; and the folders must be on a disk of this machine, not on a share of another.",
      cadenceSeconds: HOUR,
      revision: 1,
      allHold: () => 'database, objects and keys lie on disks of this machine',
    },
    {
      targets: () => ['database', 'objects', 'keys'],
      look: async (store) => {
        if (store === 'objects') return organisation.objects.describe().startsWith('folder ') ? onDisk(dataFolder) : fails('the objects lie in a store outside of this machine')
        if (store === 'keys') return onDisk(dataFolder)
        if (server.kind === 'embedded') return onDisk(databaseFolder(server, dataFolder))
        const { host = '' } = server.admin
        if (host.startsWith('/')) return unknown('the database is reached through a socket; where its files lie is not seen')
        return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.')) ? unknown('the database is reached over loopback; where its files lie is not seen') : fails('the database runs on another machine')
      },
    },
  )
}

async function onDisk(folder: string): Promise<Sight> {
  const { type } = await statfs(await realpath(folder))
  return REMOTE.has(type >>> 0) ? fails('the folder lies on a share of another machine') : holds('on a disk of this machine', { fileSystem: (type >>> 0).toString(16) })
}
