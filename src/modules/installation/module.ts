import type { Check } from '#core/check'
import type { Module } from '#core/module'
import { installation } from './contract.ts'
import type { InstallationParts } from './parts.ts'
import { appendOnlyCheck } from './append-only.ts'
import { auditTrailCheck } from './audit-trail.ts'
import { cardNumbersCheck } from './card-numbers.ts'
import { clockCheck } from './clock.ts'
import { dataFolderCheck } from './data-folder.ts'
import { dataLocationCheck } from './data-location.ts'
import { databaseBoundaryCheck } from './database-boundary.ts'
import { databaseConnectionCheck } from './database-connection.ts'
import { databaseRolesCheck } from './database-roles.ts'
import { databaseSettingsCheck } from './database-settings.ts'
import { dependenciesCheck } from './dependencies.ts'
import { dependencyFilesCheck } from './dependency-files.ts'
import { diskCheck } from './disk.ts'
import { errorAnswersCheck } from './error-answers.ts'
import { errorsCheck } from './errors.ts'
import { evidenceEncryptionCheck } from './evidence-encryption.ts'
import { evidenceErasureCheck } from './evidence-erasure.ts'
import { healthCheck } from './health.ts'
import { jobsCheck } from './jobs.ts'
import { keyFilesCheck } from './key-files.ts'
import { listenersCheck } from './listeners.ts'
import { logConsistencyCheck } from './log-consistency.ts'
import { logGuardCheck } from './log-guard.ts'
import { logServedCheck } from './log-served.ts'
import { operatorDoorCheck } from './operator-door.ts'
import { outboundDoorCheck } from './outbound-door.ts'
import { pageHeadersCheck } from './page-headers.ts'
import { pageCookiesCheck, pageSourcesCheck } from './page-sources.ts'
import { passwordsCheck } from './passwords.ts'
import { personalDataCheck } from './personal-data.ts'
import { policyVersionsCheck } from './policy-versions.ts'
import { debuggerCheck, processAccountCheck } from './process-account.ts'
import { publicAddressCheck } from './public-address.ts'
import { readerRoleCheck } from './reader-role.ts'
import { releaseFilesCheck } from './release-files.ts'
import { schedulerCheck } from './scheduler.ts'
import { secretTracesCheck } from './secret-traces.ts'
import { securityTxtCheck } from './security-txt.ts'
import { signingKeysCheck } from './signing-keys.ts'
import { supportedVersionsCheck } from './supported-versions.ts'
import { versionControlCheck } from './version-control.ts'
import { writeProtectionCheck } from './write-protection.ts'

/** Every check of the installation, in reading order. */
const CHECKS: readonly ((parts: InstallationParts) => Check)[] = [
  appendOnlyCheck,
  databaseRolesCheck,
  readerRoleCheck,
  databaseBoundaryCheck,
  databaseSettingsCheck,
  databaseConnectionCheck,
  keyFilesCheck,
  signingKeysCheck,
  secretTracesCheck,
  operatorDoorCheck,
  dataFolderCheck,
  dataLocationCheck,
  evidenceEncryptionCheck,
  evidenceErasureCheck,
  logConsistencyCheck,
  logGuardCheck,
  logServedCheck,
  auditTrailCheck,
  policyVersionsCheck,
  listenersCheck,
  outboundDoorCheck,
  writeProtectionCheck,
  errorAnswersCheck,
  pageHeadersCheck,
  pageSourcesCheck,
  pageCookiesCheck,
  securityTxtCheck,
  publicAddressCheck,
  cardNumbersCheck,
  passwordsCheck,
  personalDataCheck,
  processAccountCheck,
  debuggerCheck,
  releaseFilesCheck,
  dependenciesCheck,
  dependencyFilesCheck,
  versionControlCheck,
  supportedVersionsCheck,
  clockCheck,
  diskCheck,
  healthCheck,
  errorsCheck,
  jobsCheck,
  schedulerCheck,
]

export function createInstallationModule(parts: InstallationParts): Module {
  return { contract: installation, routes: [], checks: CHECKS.map((create) => create(parts)), obligations: [], reactions: [], sections: [] } satisfies Module<typeof installation>
}
