import { statfs } from 'node:fs/promises'
import type { Check } from '#core/check'
import { databaseFolder } from './data-folder.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, MINUTE, selfCheck, type Sight } from './self-check.ts'

/** Below this the database could not write out a gigabyte of its journal and recover (max_wal_size, PostgreSQL §19.5). */
const LEAST_FREE_BYTES = 1024 ** 3
const LEAST_FREE_INODES = 10_000

export function diskCheck({ dataFolder, server }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'disk',
      title: 'The disk has room',
      controls: ['system-monitored'],
      method: 'Reads the free space and the free file entries of the disks that hold the data folder and the database.',
      cadenceSeconds: 5 * MINUTE,
      confirmations: 2,
      revision: 1,
      allHold: () => 'every disk that holds data has at least 1 GiB and enough file entries free',
    },
    {
      targets: () => (server.kind === 'embedded' ? ['data folder', 'database'] : ['data folder']),
      look: async (target) => {
        const { bavail, bsize, files, ffree } = await statfs(target === 'database' ? databaseFolder(server, dataFolder) : dataFolder)
        return judgeRoom(bavail * bsize, files === 0 ? undefined : ffree)
      },
    },
  )
}

/** @param freeInodes undefined where the file system does not count them */
export function judgeRoom(freeBytes: number, freeInodes: number | undefined): Sight {
  // Steps of 100 MB: evidence should not tell more of the machine than it must.
  const freeMegabytes = Math.floor(freeBytes / 1e8) * 100
  if (freeBytes < LEAST_FREE_BYTES) return fails(`${freeMegabytes} MB are free, less than 1 GiB; make room`, { freeMegabytes })
  if (freeInodes !== undefined && freeInodes < LEAST_FREE_INODES) return fails(`only ${freeInodes} file entries are free; remove files`, { freeMegabytes })
  return holds(`${freeMegabytes >= 10_000 ? 'more than 10 GB' : `${freeMegabytes} MB`} free`, { freeMegabytes })
}
