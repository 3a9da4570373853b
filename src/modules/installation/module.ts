import type { Check } from '#core/check'
import type { Module } from '#core/module'
import { appendOnlyCheck } from './append-only.ts'
import { installation } from './contract.ts'
import { databaseBoundaryCheck } from './database-boundary.ts'
import { databaseRolesCheck } from './database-roles.ts'
import { databaseSettingsCheck } from './database-settings.ts'
import { evidenceEncryptionCheck } from './evidence-encryption.ts'
import { evidenceErasureCheck } from './evidence-erasure.ts'
import { keyFilesCheck } from './key-files.ts'
import { logConsistencyCheck } from './log-consistency.ts'
import { logGuardCheck } from './log-guard.ts'
import type { InstallationParts } from './parts.ts'
import { readerRoleCheck } from './reader-role.ts'

/** Every check of the installation, in reading order. */
const CHECKS: readonly ((parts: InstallationParts) => Check)[] = [
  appendOnlyCheck,
  databaseRolesCheck,
  readerRoleCheck,
  databaseBoundaryCheck,
  databaseSettingsCheck,
  keyFilesCheck,
  evidenceEncryptionCheck,
  evidenceErasureCheck,
  logConsistencyCheck,
  logGuardCheck,
]

export function createInstallationModule(parts: InstallationParts): Module {
  return { contract: installation, routes: [], checks: CHECKS.map((create) => create(parts)), obligations: [], reactions: [], sections: [] } satisfies Module<typeof installation>
}
