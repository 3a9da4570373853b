import { sql } from 'kysely'
import type { Check } from '#core/check'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown } from './self-check.ts'

/** Each setting, what it must be, and what depends on it. */
const WANTED: Readonly<Record<string, { good: readonly string[]; why: string }>> = {
  fsync: { good: ['on'], why: 'a power cut could lose what was acknowledged' },
  full_page_writes: { good: ['on'], why: 'a power cut could leave half a page' },
  synchronous_commit: { good: ['on', 'remote_write', 'remote_apply'], why: 'a crash could lose what was acknowledged' },
  data_checksums: { good: ['on'], why: 'a disk that alters bytes would not be noticed' },
  password_encryption: { good: ['scram-sha-256'], why: 'passwords of roles would be kept as MD5' },
}

export function databaseSettingsCheck({ organisation }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'database-settings',
      title: 'The database is set to lose and to hide nothing',
      controls: ['configuration-managed', 'secure-defaults'],
      method: 'Reads the settings in force from a session of the application: fsync, full_page_writes, synchronous_commit, data_checksums and password_encryption.',
      cadenceSeconds: HOUR,
      revision: 1,
      allHold: () => 'writes reach the disk before they are acknowledged, pages carry checksums, and passwords of roles are kept as SCRAM-SHA-256',
    },
    {
      targets: () => Object.keys(WANTED),
      look: async (name) => {
        const wanted = WANTED[name]!
        const { rows } = await sql<{ value: string | null }>`select current_setting(${name}, true) as value`.execute(organisation.database.app)
        const value = rows[0]?.value ?? undefined
        if (value === undefined) return unknown('the server does not tell')
        return wanted.good.includes(value) ? holds(`${name} is ${value}`, value) : fails(`${name} is ${value}: ${wanted.why}; set it to ${wanted.good[0]}`, value)
      },
    },
  )
}
