import type { ApiPart } from '../openapi.ts'
import { attestationRoutes } from './attestations.ts'
import { auditRoutes } from './audit.ts'
import { checkRoutes } from './checks.ts'
import { claimRoutes } from './claims.ts'
import { spine } from './contract.ts'
import { entryRoutes } from './entries.ts'
import { historyRoutes } from './history.ts'
import { obligationRoutes } from './obligations.ts'
import { organisationRoutes } from './organisation.ts'
import { overviewRoutes } from './overview.ts'
import type { SpineParts } from './parts.ts'
import { policyRoutes } from './policies.ts'

export { spine as spineContract } from './contract.ts'
export type { SpineParts } from './parts.ts'
export { UnderWay } from './under-way.ts'

/** Every address of the spine, in reading order. */
export const spineApi = (parts: SpineParts): ApiPart => ({
  contract: spine,
  routes: [...policyRoutes(parts), ...claimRoutes(parts), ...overviewRoutes(parts), ...checkRoutes(parts), ...historyRoutes(parts), ...attestationRoutes(parts), ...obligationRoutes(parts), ...entryRoutes(parts), ...organisationRoutes(parts), ...auditRoutes(parts)],
})
